/**
 * Memory that threads share: a ring of records for one producer and one consumer, and the doorbell that wakes the
 * consumer.
 *
 * ```ts
 * import { Doorbell, RingBuffer } from '@troupe/shm';
 *
 * const ring = RingBuffer.create(1 << 16);          // hand ring.buffer to the other thread
 * ring.write(new TextEncoder().encode('hello'));    // false when it is full
 *
 * const reader = RingBuffer.attach(ring.buffer);    // there
 * reader.read((bytes, view, start, end) => console.log(bytes.toString('utf8', start, end)));
 * ```
 *
 * @packageDocumentation
 */
export { Doorbell, type IdleStrategy } from './doorbell.ts';
export { SharedMemoryError, type SharedMemoryErrorCode } from './errors.ts';
export { type RecordHandler, RING_FULL, RingBuffer } from './ring-buffer.ts';
