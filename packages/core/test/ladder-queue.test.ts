import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANCELLED, EventPool, NONE, RECORD_BYTES, SENDER } from '../src/queue/event-pool.ts';
import { LadderQueue } from '../src/queue/ladder-queue.ts';

interface Entry {
  readonly time: number;
  readonly slot: number;
}

/** A queue beside a sorted array that must agree with it. */
class Bench {
  readonly pool = new EventPool(8);
  readonly queue: LadderQueue;
  /** Earliest last. */
  readonly model: Entry[] = [];
  /** Cancelled and not given back yet. */
  readonly cancelled = new Set<number>();
  /** The time at which was taken last: nothing may be pushed before it. */
  last = 0;
  readonly #batch = { slots: new Int32Array(1) };

  constructor() {
    this.queue = new LadderQueue(this.pool, (slot) => {
      if (!this.cancelled.delete(slot))
        throw new Error(`slot ${slot} was given back, but it was not cancelled`);
      this.pool.release(slot);
    });
  }

  push(time: number): number {
    const slot = this.pool.take();
    this.pool.due[slot] = time;
    this.pool.setFlags(slot, 0);
    this.queue.push(slot);
    let low = 0;
    let high = this.model.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.model[middle] as Entry).time > time) low = middle + 1;
      else high = middle;
    }
    this.model.splice(low, 0, { time, slot });
    return slot;
  }

  cancel(index: number): void {
    const [entry] = this.model.splice(index, 1);
    const { slot } = entry as Entry;
    this.pool.setFlags(slot, CANCELLED);
    this.cancelled.add(slot);
    this.queue.cancel();
  }

  /** Takes what is due first, and compares; answers how many that were. */
  take(): number {
    const time = this.model.at(-1)?.time ?? Number.POSITIVE_INFINITY;
    if (this.queue.peek() !== time) expect(this.queue.peek()).toBe(time);
    const expected: number[] = [];
    while (this.model.length > 0 && this.model.at(-1)?.time === time) {
      expected.push((this.model.pop() as Entry).slot);
    }
    const count = this.queue.take(this.#batch);
    const slots = Array.from(this.#batch.slots.subarray(0, count));
    if (count !== 1 || slots[0] !== expected[0]) {
      expect(slots.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    }
    for (const slot of slots) this.pool.release(slot);
    if (count > 0) this.last = time;
    return count;
  }

  check(): void {
    expect(this.queue.size).toBe(this.model.length);
    expect(this.queue.peek()).toBe(this.model.at(-1)?.time ?? Number.POSITIVE_INFINITY);
    const visited: number[] = [];
    this.queue.forEach((slot) => {
      visited.push(slot);
    });
    expect(visited.sort((a, b) => a - b)).toEqual(this.model.map(({ slot }) => slot).sort((a, b) => a - b));
    expect(this.pool.size).toBe(this.model.length + this.cancelled.size);
  }

  drain(): void {
    while (this.model.length > 0) this.take();
    this.check();
    expect(this.take()).toBe(0);
    expect(this.cancelled.size).toBe(0);
    expect(this.pool.size).toBe(0);
  }
}

/** How the times of a burst lie after the last time that was taken. */
const PATTERNS = {
  ties: () => 0,
  'a constant delay': () => 5,
  'integer ticks': (n: number) => n % 10,
  'an even spread': (n: number) => n / 1000,
  'huge times': (n: number) => (n % 7) * 2 ** 45,
  'tiny times': (n: number) => n * 2 ** -40,
  'subnormal times': (n: number) => (n % 5) * Number.MIN_VALUE,
  'clusters far apart': (n: number) => (n % 3) * 1e9 + (n % 17) * 1e-7,
  'one far away': (n: number) => (n % 97 === 0 ? 1e12 : n / 2 ** 16),
  'a steep slope': (n: number) => 2 ** ((n % 80) - 40),
} as const;

type Pattern = keyof typeof PATTERNS;
const NAMES = Object.keys(PATTERNS) as Pattern[];

/** A sequence of whole numbers that only depends on its seed. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed | 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    yield state >>> 8;
  }
}

describe('the queue of pending events', () => {
  it('is empty at first', () => {
    const bench = new Bench();
    bench.check();
    expect(bench.queue.peek()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.take()).toBe(0);
  });

  const size = fc.oneof({ weight: 4, arbitrary: fc.nat(60) }, fc.integer({ min: 200, max: 2500 }));
  const act = fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      pattern: fc.constantFrom(...NAMES),
      size,
      seed: fc.nat(),
    }),
    fc.record({ kind: fc.constant('take' as const), size }),
    fc.record({
      kind: fc.constant('hold' as const),
      pattern: fc.constantFrom(...NAMES),
      size,
      seed: fc.nat(),
    }),
    fc.record({
      kind: fc.constant('cancel' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.nat(),
    }),
    fc.record({ kind: fc.constant('look' as const) }),
  );

  it('gives out the earliest first, all of one time together, whatever is pushed, taken and cancelled', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 25 }), (acts) => {
        const bench = new Bench();
        for (const act of acts) {
          switch (act.kind) {
            case 'push': {
              const sequence = numbers(act.seed);
              for (let index = 0; index < act.size; index += 1) {
                bench.push(bench.last + PATTERNS[act.pattern](sequence.next().value));
              }
              break;
            }
            case 'take':
              for (let index = 0; index < act.size && bench.model.length > 0; index += 1) bench.take();
              break;
            case 'hold': {
              const sequence = numbers(act.seed);
              for (let index = 0; index < act.size && bench.model.length > 0; index += 1) {
                for (let taken = bench.take(); taken > 0; taken -= 1) {
                  bench.push(bench.last + PATTERNS[act.pattern](sequence.next().value));
                }
                // What comes at no delay would be taken with the same time for ever.
                if (act.pattern === 'ties') break;
              }
              break;
            }
            case 'cancel': {
              const sequence = numbers(act.seed);
              for (let left = Math.floor(bench.model.length * act.share); left > 0; left -= 1) {
                bench.cancel(sequence.next().value % bench.model.length);
              }
              break;
            }
            default:
              bench.check();
          }
        }
        bench.check();
        bench.drain();
      }),
      { seed: 6, numRuns: 150 },
    );
  });

  it.each(NAMES)('holds 5,000 events of %s, pushed in any order', (pattern) => {
    const bench = new Bench();
    const sequence = numbers(7);
    for (let index = 0; index < 5000; index += 1) bench.push(PATTERNS[pattern](sequence.next().value));
    bench.check();
    bench.drain();
  });

  it.each(NAMES.filter((name) => name !== 'ties'))(
    'holds 1,000 events that come again after %s',
    (pattern) => {
      const bench = new Bench();
      const sequence = numbers(8);
      for (let index = 0; index < 1000; index += 1) bench.push(PATTERNS[pattern](sequence.next().value));
      for (let left = 5000; left > 0; ) {
        for (let taken = bench.take(); taken > 0; taken -= 1) {
          bench.push(bench.last + PATTERNS[pattern](sequence.next().value));
          left -= 1;
        }
      }
      bench.check();
      bench.drain();
    },
  );

  it('gives out 20,000 events of one time at once', () => {
    const bench = new Bench();
    for (let index = 0; index < 20_000; index += 1) bench.push(3);
    bench.push(4);
    expect(bench.take()).toBe(20_000);
    expect(bench.take()).toBe(1);
    bench.drain();
  });

  it('gives out with the others of its time what was pushed while that time was at hand', () => {
    const bench = new Bench();
    for (const time of [1, 2, 2, 3]) bench.push(time);
    expect(bench.queue.peek()).toBe(1);
    bench.push(1);
    expect(bench.take()).toBe(2);
    bench.push(1);
    bench.push(2);
    expect(bench.queue.peek()).toBe(1);
    expect([bench.take(), bench.take(), bench.take(), bench.take()]).toEqual([1, 3, 1, 0]);
  });

  it('takes many that are due earlier than all that it was looking at', () => {
    const bench = new Bench();
    for (let index = 0; index < 3000; index += 1) bench.push(1000 + index / 7);
    expect(bench.queue.peek()).toBe(1000);
    const sequence = numbers(9);
    for (let index = 0; index < 3000; index += 1) bench.push((sequence.next().value % 999_983) / 1000);
    bench.check();
    bench.drain();
  });

  it('gives back what was cancelled when nothing else is left', () => {
    const bench = new Bench();
    for (let index = 0; index < 500; index += 1) bench.push(index);
    while (bench.model.length > 0) bench.cancel(bench.model.length - 1);
    expect(bench.queue.size).toBe(0);
    expect(bench.queue.peek()).toBe(Number.POSITIVE_INFINITY);
    bench.drain();
  });

  it('keeps its memory flat when one event is cancelled and pushed again, 100,000 times', () => {
    const bench = new Bench();
    for (let index = 0; index < 10; index += 1) bench.push(1e6 + index);
    let most = 0;
    for (let index = 0; index < 100_000; index += 1) {
      bench.cancel(bench.model.length - 1);
      bench.push(1e6 + index);
      most = Math.max(most, bench.pool.size);
    }
    expect(bench.queue.size).toBe(10);
    expect(most).toBeLessThan(5000);
    bench.check();
    bench.drain();
  });

  it('keeps memory within twice what is alive when most of many are cancelled, and goes on rightly', () => {
    const bench = new Bench();
    const sequence = numbers(10);
    for (let index = 0; index < 20_000; index += 1) bench.push(sequence.next().value / 1024);
    for (let index = 0; index < 100; index += 1) bench.take();
    while (bench.model.length > 3000) {
      bench.cancel(sequence.next().value % bench.model.length);
    }
    expect(bench.pool.size).toBeLessThanOrEqual(2 * bench.model.length + 1025);
    bench.check();
    for (let index = 0; index < 2000; index += 1) bench.push(bench.last + sequence.next().value / 1024);
    bench.drain();
  });
});

describe('the pool of records', () => {
  it('gives each slot to one user at a time, and again when it was given back', () => {
    const pool = new EventPool(8);
    const slots = Array.from({ length: 1000 }, () => pool.take());
    expect(new Set(slots).size).toBe(1000);
    expect(pool.size).toBe(1000);
    for (const slot of slots) expect(pool.holds(slot)).toBe(true);
    for (const slot of slots) pool.release(slot);
    expect(pool.size).toBe(0);
    const again = Array.from({ length: 1000 }, () => pool.take());
    expect(new Set([...slots, ...again]).size).toBe(1000);
  });

  it('keeps what records hold when it grows', () => {
    const pool = new EventPool(24);
    const slots: number[] = [];
    for (let index = 0; index < 5000; index += 1) {
      const slot = pool.take();
      slots.push(slot);
      pool.due[slot] = index / 3;
      pool.doubles[slot * pool.doubleStride] = index / 7;
      pool.words[slot * pool.wordStride + SENDER] = index;
      pool.bytes[slot * pool.stride + pool.stride - 1] = index;
      pool.setFlags(slot, 0);
      pool.hold(slot, { index });
    }
    slots.forEach((slot, index) => {
      expect(pool.due[slot]).toBe(index / 3);
      expect(pool.doubles[slot * pool.doubleStride]).toBe(index / 7);
      expect(pool.words[slot * pool.wordStride + SENDER]).toBe(index);
      expect(pool.view.getUint8(slot * pool.stride + pool.stride - 1)).toBe(index & 255);
      expect(pool.bodies[slot]).toEqual({ index });
    });
  });

  it.each([1, 7, 8, 9, 160])('has records of whole doubles, for bodies of %i bytes', (inline) => {
    const pool = new EventPool(inline);
    expect(pool.stride % 8).toBe(0);
    expect(pool.wordStride * 4).toBe(pool.stride);
    expect(pool.doubleStride * 8).toBe(pool.stride);
    expect(pool.stride).toBeGreaterThanOrEqual(RECORD_BYTES + inline);
    expect(pool.stride === 32 || pool.stride % 64 === 0).toBe(true);
  });

  it('lets go of a body with its record, and has no slot out of range', () => {
    const pool = new EventPool(8);
    const slot = pool.take();
    pool.hold(slot, 'large');
    pool.release(slot);
    expect(pool.bodies[slot]).toBeUndefined();
    expect(pool.holds(NONE)).toBe(false);
    expect(pool.holds(1e9)).toBe(false);
  });
});
