import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { RingBuffer, SharedMemoryError } from '../src/index.ts';
import {
  CAPACITY_INDEX,
  HEAD_INDEX,
  MAGIC_INDEX,
  RECORD_HEADER_BYTES,
  RING_HEADER_BYTES,
  TAIL_INDEX,
  VERSION_INDEX,
} from '../src/ring-layout.ts';
import { RingModel, type Step } from './fixtures/ring-model.ts';
import type { StreamData } from './fixtures/streamer.ts';

const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** An empty ring that has moved `moved` bytes so far, modulo 2^32. */
function ringAt(moved: number, capacity = 1024): RingBuffer {
  const { buffer } = RingBuffer.create(capacity);
  const header = new Uint32Array(buffer, 0, RING_HEADER_BYTES / 4);
  header[HEAD_INDEX] = moved;
  header[TAIL_INDEX] = moved;
  return RingBuffer.attach(buffer);
}

function readAll(ring: RingBuffer): string[] {
  const all: string[] = [];
  ring.read((bytes, _view, start, end, tag) => all.push(`${bytes.toString('latin1', start, end)}/${tag}`));
  return all;
}

const refused = (code: string, value?: unknown): unknown =>
  expect.objectContaining({ name: 'SharedMemoryError', code, ...(value === undefined ? {} : { value }) });

describe('a ring', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ type: fc.constant('write'), length: fc.nat(504), tag: fc.integer() }),
    fc.record({
      type: fc.constant('commit'),
      length: fc.nat(504),
      spare: fc.nat(40),
      tag: fc.integer(),
    }),
    fc.record({ type: fc.constant('abandon'), length: fc.nat(504) }),
    fc.record({ type: fc.constant('read'), limit: fc.oneof(fc.nat(4), fc.constant(Infinity)) }),
  ) as fc.Arbitrary<Step>;
  const starts = fc.constantFrom(0, 8, 1016, 2 ** 31 - 1024, 2 ** 31 - 8, 2 ** 32 - 1032, 2 ** 32 - 8);

  it('hands over exactly what was written, and is full exactly when there is no room', () => {
    fc.assert(
      fc.property(starts, fc.array(step, { maxLength: 60 }), (start, steps) => {
        const ring = ringAt(start);
        const model = new RingModel(start, ring.capacity);
        for (const next of steps) model.step(ring, next);
        model.step(ring, { type: 'read', limit: Infinity });
        expect(ring.pending).toBe(0);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([0, 2 ** 31 - 512, 2 ** 32 - 512])('goes on for ever: 10,000 records from byte %i on', (start) => {
    const ring = ringAt(start);
    for (let index = 0; index < 10_000; index += 1) {
      const text = `${index}`.padEnd(index % 300, '.');
      expect(ring.write(Buffer.from(text), index)).toBe(true);
      expect(readAll(ring)).toEqual([`${text}/${index}`]);
    }
  });

  it('is seen from another place in the same memory', () => {
    const buffer = new SharedArrayBuffer(64 + 2 * RingBuffer.bytesFor(1024));
    const first = RingBuffer.create(1024, buffer, 64);
    const second = RingBuffer.create(1024, buffer, 64 + RingBuffer.bytesFor(1024));
    first.write(Buffer.from('one'), 1);
    second.write(Buffer.from('two'), 2);
    expect(readAll(RingBuffer.attach(buffer, second.byteOffset))).toEqual(['two/2']);
    expect(readAll(RingBuffer.attach(buffer, 64))).toEqual(['one/1']);
  });

  it('shows a record when it is committed, with the length of then', () => {
    const ring = RingBuffer.create(1024);
    const at = ring.claim(100);
    expect(at % 8).toBe(0);
    ring.bytes.write('short', at);
    ring.view.setUint8(at, 'S'.charCodeAt(0));
    expect(readAll(ring)).toEqual([]);
    expect(ring.pending).toBe(0);
    ring.commit(5, -1);
    expect(readAll(ring)).toEqual(['Short/-1']);
  });

  it('takes records of every length up to the longest, at any time', () => {
    const ring = RingBuffer.create(1024);
    expect(ring.maxRecord).toBe(504);
    for (let length = 0; length <= ring.maxRecord; length += 1) {
      expect(ring.write(new Uint8Array(length))).toBe(true);
      expect(ring.read(() => {})).toBe(1);
    }
    for (const length of [505, -1, Number.NaN, 2 ** 40]) {
      expect(() => ring.claim(length)).toThrow(refused('ERR_TROUPE_RING_RECORD_TOO_LARGE', length));
    }
  });

  it('counts a record as read when its handler throws, and goes on with the next', () => {
    const ring = RingBuffer.create(1024);
    for (const text of ['a', 'b', 'c']) ring.write(Buffer.from(text));
    expect(() =>
      ring.read(() => {
        throw new Error('not this one');
      }),
    ).toThrow('not this one');
    expect(readAll(ring)).toEqual(['b/0', 'c/0']);
  });

  it('makes room while a long batch is read', () => {
    const ring = RingBuffer.create(1024);
    while (ring.write(new Uint8Array(56)));
    let written = 0;
    const read = ring.read(() => {
      if (ring.write(new Uint8Array(56))) written += 1;
    });
    expect(read).toBe(16);
    expect(written).toBeGreaterThan(0);
  });

  it('refuses a commit without a claim, twice, or of more than was claimed', () => {
    const ring = RingBuffer.create(1024);
    const notClaimed = refused('ERR_TROUPE_RING_NOT_CLAIMED');
    expect(() => ring.commit()).toThrow(notClaimed);
    ring.claim(8);
    expect(() => ring.commit(9)).toThrow(notClaimed);
    expect(() => ring.commit(-1)).toThrow(notClaimed);
    ring.commit(8);
    expect(() => ring.commit(8)).toThrow(notClaimed);
    expect(ring.read(() => {})).toBe(1);
  });
});

describe('making a ring', () => {
  it.each([0, 512, 1000, 1025, -1024, 1024.5, Number.NaN, 2 ** 31, 2 ** 32, '1024'])(
    'of %s bytes is refused',
    (capacity) => {
      const wrong = refused('ERR_TROUPE_RING_OPTION', capacity);
      expect(() => RingBuffer.create(capacity as number)).toThrow(wrong);
      expect(() => RingBuffer.bytesFor(capacity as number)).toThrow(wrong);
    },
  );

  it.each([4, -8, 1.5, Number.NaN])('at byte %s of a buffer is refused', (byteOffset) => {
    const wrong = refused('ERR_TROUPE_RING_OPTION', byteOffset);
    expect(() => RingBuffer.create(1024, new SharedArrayBuffer(8192), byteOffset)).toThrow(wrong);
    expect(() => RingBuffer.attach(new SharedArrayBuffer(8192), byteOffset)).toThrow(wrong);
  });

  it('in too small a buffer is refused, with both sizes', () => {
    const size = RingBuffer.bytesFor(1024);
    expect(() => RingBuffer.create(1024, new SharedArrayBuffer(size), 8)).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_RING_OPTION',
        message: expect.stringMatching(`${size} bytes, the ring needs ${size} from byte 8`),
      }),
    );
  });

  it('overwrites what was there', () => {
    const buffer = new SharedArrayBuffer(RingBuffer.bytesFor(1024));
    new Uint8Array(buffer).fill(255);
    const ring = RingBuffer.create(1024, buffer);
    expect(readAll(ring)).toEqual([]);
    ring.write(Buffer.from('new'));
    expect(readAll(ring)).toEqual(['new/0']);
  });
});

describe('attaching', () => {
  it.each([
    ['nothing', (header: Int32Array) => header.fill(0)],
    ['another magic number', (header: Int32Array) => header.set([1], MAGIC_INDEX)],
    ['another version', (header: Int32Array) => header.set([2], VERSION_INDEX)],
  ])('to memory with %s in it is refused', (_what, damage) => {
    const { buffer } = RingBuffer.create(1024);
    damage(new Int32Array(buffer, 0, RING_HEADER_BYTES / 4));
    expect(() => RingBuffer.attach(buffer)).toThrow(refused('ERR_TROUPE_RING_FOREIGN'));
  });

  it.each([0, 1000, -1024, 2048, 2 ** 30])(
    'to a ring that claims a capacity of %i bytes is refused',
    (capacity) => {
      const { buffer } = RingBuffer.create(1024);
      new Int32Array(buffer)[CAPACITY_INDEX] = capacity;
      expect(() => RingBuffer.attach(buffer)).toThrow(SharedMemoryError);
    },
  );

  it('to a buffer without room for a header is refused', () => {
    expect(() => RingBuffer.attach(new SharedArrayBuffer(100))).toThrow(
      refused('ERR_TROUPE_RING_OPTION', 100),
    );
  });
});

describe('memory that something else wrote to', () => {
  const FIRST = RING_HEADER_BYTES;

  /** A ring with one record of 16 bytes, its words as they are shared. */
  function withRecord(): { ring: RingBuffer; record: Int32Array; header: Int32Array } {
    const ring = RingBuffer.create(1024);
    ring.write(new Uint8Array(16));
    return {
      ring,
      record: new Int32Array(ring.buffer, FIRST, RECORD_HEADER_BYTES / 4),
      header: new Int32Array(ring.buffer, 0, RING_HEADER_BYTES / 4),
    };
  }

  it.each([17, 505, 1024, 2 ** 30, 2 ** 31 - 1, -1, -8, -512, -1024, -(2 ** 31)])(
    'to make a record %i bytes long is refused, and nothing handed over',
    (length) => {
      const { ring, record } = withRecord();
      record[0] = length;
      expect(() => ring.read(() => expect.unreachable())).toThrow(refused('ERR_TROUPE_RING_CORRUPT'));
    },
  );

  it.each([-8, 4, 2048, 2 ** 31 - 8])('to move the end to byte %i is refused', (tail) => {
    const { ring, header } = withRecord();
    header[TAIL_INDEX] = tail;
    expect(() => ring.read(() => {})).toThrow(refused('ERR_TROUPE_RING_CORRUPT'));
  });

  it('at random ends with an error or with records, never outside of the ring', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(255), fc.integer()), { minLength: 1, maxLength: 20 }),
        fc.integer(),
        (words, tail) => {
          const ring = RingBuffer.create(1024);
          const memory = new Int32Array(ring.buffer, RING_HEADER_BYTES);
          for (const [index, word] of words) memory[index] = word;
          new Int32Array(ring.buffer)[TAIL_INDEX] = tail;
          try {
            ring.read((bytes, _view, start, end) => {
              expect(start).toBeGreaterThanOrEqual(RECORD_HEADER_BYTES);
              expect(end).toBeLessThanOrEqual(bytes.length);
            });
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_TROUPE_RING_CORRUPT' });
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('two threads', () => {
  it('stream a million records in order and whole', async () => {
    const ring = RingBuffer.create(4096);
    const shared = {
      ring: ring.buffer as SharedArrayBuffer,
      bells: new SharedArrayBuffer(128),
      records: 1_000_000,
    };
    const run = async (role: StreamData['role']): Promise<unknown> => {
      const worker = new Worker(new URL('./fixtures/streamer.ts', import.meta.url), {
        workerData: { ...shared, role } satisfies StreamData,
      });
      workers.push(worker);
      return (await once(worker, 'message'))[0];
    };
    const [sent, got] = await Promise.all([run('producer'), run('consumer')]);
    expect(got).toEqual({ ...(sent as object), disordered: 0 });
    expect(got).toMatchObject({ records: 1_000_000 });
  });
});
