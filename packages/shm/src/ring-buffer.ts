import { SharedMemoryError } from './errors.ts';
import {
  CAPACITY_INDEX,
  HEAD_INDEX,
  MAGIC_INDEX,
  MAX_CAPACITY,
  MIN_CAPACITY,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
  RING_HEADER_BYTES,
  RING_MAGIC,
  RING_VERSION,
  TAIL_INDEX,
  VERSION_INDEX,
} from './ring-layout.ts';

/**
 * Called for each record that is read. `bytes` and `view` are the ring's own memory, valid during the call only; the
 * payload is `bytes[start]` up to but not including `bytes[end]`. `tag` is the number that the producer gave.
 */
export type RecordHandler = (bytes: Buffer, view: DataView, start: number, end: number, tag: number) => void;

/** {@link RingBuffer.claim}: there is no room for the record now; nothing was changed. */
export const RING_FULL = -1;

/**
 * A ring of variable-size records over memory that threads or processes share: exactly one producer, exactly one
 * consumer. Nothing blocks and nothing is allocated per record: a full ring is an answer, not an exception.
 *
 * The producer claims room, writes the payload in place, and commits; the consumer reads in the order of the commits.
 * To write straight into the ring use {@link claim} and {@link commit}; to copy bytes in, {@link write}.
 */
export class RingBuffer {
  /** The memory the ring lives in; hand it to the other side and {@link RingBuffer.attach} there. */
  readonly buffer: ArrayBufferLike;
  /** Where in `buffer` the ring begins. */
  readonly byteOffset: number;
  /** Bytes for records, a power of two. */
  readonly capacity: number;
  /** The longest payload in bytes: half the capacity less the record's header, so that every record fits some time. */
  readonly maxRecord: number;
  /** The record area. Payload offsets of {@link claim} count from its start. */
  readonly bytes: Buffer;
  /** The same memory as `bytes`. */
  readonly view: DataView;

  readonly #header: Int32Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  /** The producer's copy of what it has written, and of the last head it saw: the shared words are read when needed. */
  #tail: number;
  #seenHead: number;
  /** The consumer's copies. */
  #head: number;
  #claimedAt = -1;
  #claimedLength = 0;

  private constructor(buffer: ArrayBufferLike, byteOffset: number, capacity: number) {
    this.buffer = buffer;
    this.byteOffset = byteOffset;
    this.capacity = capacity;
    this.maxRecord = capacity / 2 - RECORD_HEADER_BYTES;
    this.#mask = capacity - 1;
    this.#header = new Int32Array(buffer, byteOffset, RING_HEADER_BYTES / 4);
    const start = byteOffset + RING_HEADER_BYTES;
    this.bytes = Buffer.from(buffer as ArrayBuffer, start, capacity);
    this.view = new DataView(buffer, start, capacity);
    this.#words = new Int32Array(buffer, start, capacity / 4);
    this.#tail = Atomics.load(this.#header, TAIL_INDEX);
    this.#head = Atomics.load(this.#header, HEAD_INDEX);
    this.#seenHead = this.#head;
  }

  /** Bytes that a ring of `capacity` bytes takes in memory. */
  static bytesFor(capacity: number): number {
    checkCapacity(capacity);
    return RING_HEADER_BYTES + capacity;
  }

  /**
   * Makes an empty ring in `buffer` at `byteOffset` (a multiple of 8), overwriting what was there. Without `buffer` a
   * SharedArrayBuffer of the right size is made.
   *
   * @param capacity bytes for records: a power of two from 1,024 to 2^30
   * @throws {SharedMemoryError} `ERR_TROUPE_RING_OPTION`
   */
  static create(capacity: number, buffer?: ArrayBufferLike, byteOffset = 0): RingBuffer {
    const size = RingBuffer.bytesFor(capacity);
    const memory = buffer ?? new SharedArrayBuffer(size);
    checkPlace(memory, byteOffset, size);
    const header = new Int32Array(memory, byteOffset, RING_HEADER_BYTES / 4);
    header.fill(0);
    header[VERSION_INDEX] = RING_VERSION;
    header[CAPACITY_INDEX] = capacity;
    Atomics.store(header, MAGIC_INDEX, RING_MAGIC);
    return new RingBuffer(memory, byteOffset, capacity);
  }

  /**
   * Opens the ring that {@link create} made at `byteOffset` of `buffer`.
   *
   * @throws {SharedMemoryError} `ERR_TROUPE_RING_FOREIGN` when there is no ring of this version there
   */
  static attach(buffer: ArrayBufferLike, byteOffset = 0): RingBuffer {
    checkPlace(buffer, byteOffset, RING_HEADER_BYTES);
    const header = new Int32Array(buffer, byteOffset, RING_HEADER_BYTES / 4);
    const magic = Atomics.load(header, MAGIC_INDEX);
    const version = header[VERSION_INDEX] as number;
    const capacity = header[CAPACITY_INDEX] as number;
    if (magic !== RING_MAGIC || version !== RING_VERSION) {
      throw new SharedMemoryError(
        'ERR_TROUPE_RING_FOREIGN',
        `no ring of version ${RING_VERSION} at byte ${byteOffset} (magic 0x${(magic >>> 0).toString(16)}, version ${version}): attach to memory that RingBuffer.create() of the same release prepared`,
        { magic, version },
      );
    }
    checkPlace(buffer, byteOffset, RingBuffer.bytesFor(capacity));
    return new RingBuffer(buffer, byteOffset, capacity);
  }

  /** Bytes that the consumer has not read yet, headers and padding included. */
  get pending(): number {
    return (Atomics.load(this.#header, TAIL_INDEX) - Atomics.load(this.#header, HEAD_INDEX)) >>> 0;
  }

  /**
   * Producer: room for a payload of `length` bytes, or {@link RING_FULL}. The answer is the payload's offset in
   * {@link bytes}, a multiple of 8. The record is not seen before {@link commit}; another claim abandons this one.
   *
   * @throws {SharedMemoryError} `ERR_TROUPE_RING_RECORD_TOO_LARGE` for more than {@link maxRecord}
   */
  claim(length: number): number {
    if (!(length >= 0 && length <= this.maxRecord)) {
      throw new SharedMemoryError(
        'ERR_TROUPE_RING_RECORD_TOO_LARGE',
        `a record of ${length} bytes does not fit: this ring of ${this.capacity} bytes takes 0 to ${this.maxRecord}; make the ring larger or cut the record`,
        length,
      );
    }
    const need = (RECORD_HEADER_BYTES + length + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
    let at = this.#tail & this.#mask;
    const untilEnd = this.capacity - at;
    const padding = need > untilEnd ? untilEnd : 0;
    if (((this.#tail - this.#seenHead) >>> 0) + need + padding > this.capacity) {
      this.#seenHead = Atomics.load(this.#header, HEAD_INDEX);
      if (((this.#tail - this.#seenHead) >>> 0) + need + padding > this.capacity) return RING_FULL;
    }
    if (padding > 0) {
      this.#words[at >> 2] = -padding;
      this.#tail = (this.#tail + padding) | 0;
      at = 0;
    }
    this.#claimedAt = at;
    this.#claimedLength = length;
    return at + RECORD_HEADER_BYTES;
  }

  /** Producer: whether {@link claim} would find room for a payload of `length` bytes now. Changes nothing. */
  hasRoom(length: number): boolean {
    const need = (RECORD_HEADER_BYTES + length + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
    const untilEnd = this.capacity - (this.#tail & this.#mask);
    const taken = (this.#tail - Atomics.load(this.#header, HEAD_INDEX)) >>> 0;
    return taken + need + (need > untilEnd ? untilEnd : 0) <= this.capacity;
  }

  /**
   * Producer: publishes the claimed record, which may have become shorter than claimed.
   *
   * @throws {SharedMemoryError} `ERR_TROUPE_RING_NOT_CLAIMED` without a claim, or for more than was claimed
   */
  commit(length: number = this.#claimedLength, tag = 0): void {
    const at = this.#claimedAt;
    if (at < 0 || length > this.#claimedLength || length < 0) {
      throw new SharedMemoryError(
        'ERR_TROUPE_RING_NOT_CLAIMED',
        `commit of ${length} bytes with ${at < 0 ? 'nothing' : this.#claimedLength} claimed: claim() the room first`,
        length,
      );
    }
    this.#claimedAt = -1;
    this.#words[at >> 2] = length;
    this.#words[(at >> 2) + 1] = tag;
    this.#tail =
      (this.#tail + ((RECORD_HEADER_BYTES + length + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT)) | 0;
    Atomics.store(this.#header, TAIL_INDEX, this.#tail);
  }

  /** Producer: copies `payload` in as one record; false when there is no room now. */
  write(payload: Uint8Array, tag = 0): boolean {
    const at = this.claim(payload.length);
    if (at === RING_FULL) return false;
    this.bytes.set(payload, at);
    this.commit(payload.length, tag);
    return true;
  }

  /**
   * Consumer: hands up to `limit` records to `handler` and answers how many. A record counts as read when the handler
   * returns or throws; what it throws passes through.
   *
   * @throws {SharedMemoryError} `ERR_TROUPE_RING_CORRUPT` when something else wrote to the memory
   */
  read(handler: RecordHandler, limit: number = Number.POSITIVE_INFINITY): number {
    const tail = Atomics.load(this.#header, TAIL_INDEX);
    const pending = (tail - this.#head) | 0;
    if (pending < 0 || pending > this.capacity || pending % RECORD_ALIGNMENT !== 0) {
      this.#corrupt(`an end ${pending} bytes behind its beginning`, { pending });
    }
    let count = 0;
    let released = this.#head;
    try {
      while (count < limit) {
        const left = (tail - this.#head) | 0;
        if (left <= 0) break;
        const at = this.#head & this.#mask;
        const length = this.#words[at >> 2] as number;
        if (length < 0) {
          if (length !== at - this.capacity || -length > left) this.#corruptRecord(at, length);
          this.#head = (this.#head - length) | 0;
          continue;
        }
        const size = (RECORD_HEADER_BYTES + length + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
        if (length > this.maxRecord || size > left || at + size > this.capacity)
          this.#corruptRecord(at, length);
        const tag = this.#words[(at >> 2) + 1] as number;
        const start = at + RECORD_HEADER_BYTES;
        this.#head = (this.#head + size) | 0;
        count += 1;
        handler(this.bytes, this.view, start, start + length, tag);
        // A producer that waits for room should not have to wait for the whole batch.
        if ((this.#head - released) >>> 0 > this.capacity >>> 2) {
          released = this.#head;
          Atomics.store(this.#header, HEAD_INDEX, released);
        }
      }
    } finally {
      Atomics.store(this.#header, HEAD_INDEX, this.#head);
    }
    return count;
  }

  #corruptRecord(at: number, length: number): never {
    this.#corrupt(`a record of length ${length} at byte ${at} of ${this.capacity}`, { at, length });
  }

  #corrupt(what: string, value: unknown): never {
    throw new SharedMemoryError(
      'ERR_TROUPE_RING_CORRUPT',
      `the ring holds ${what}: something else wrote to this memory, or there are two producers or two consumers`,
      value,
    );
  }
}

function checkCapacity(capacity: number): void {
  const power = Number.isInteger(capacity) && capacity > 0 && (capacity & (capacity - 1)) === 0;
  if (!power || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY) {
    throw new SharedMemoryError(
      'ERR_TROUPE_RING_OPTION',
      `capacity is ${String(capacity)}: give a power of two from ${MIN_CAPACITY} to ${MAX_CAPACITY}`,
      capacity,
    );
  }
}

function checkPlace(buffer: ArrayBufferLike, byteOffset: number, size: number): void {
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % 8 !== 0) {
    throw new SharedMemoryError(
      'ERR_TROUPE_RING_OPTION',
      `byteOffset is ${String(byteOffset)}: give a multiple of 8`,
      byteOffset,
    );
  }
  if (buffer.byteLength < byteOffset + size) {
    throw new SharedMemoryError(
      'ERR_TROUPE_RING_OPTION',
      `the buffer has ${buffer.byteLength} bytes, the ring needs ${size} from byte ${byteOffset} on: give a larger buffer`,
      buffer.byteLength,
    );
  }
}
