/**
 * How long a waiter looks before it sleeps. Spinning answers within a fraction of a microsecond where the other side
 * runs on a core of its own; it only takes time from it where both share one.
 */
export interface IdleStrategy {
  /** Looks before the thread is put to sleep. 0 sleeps at once. */
  readonly spins: number;
}

const SEQUENCE = 0;
const SLEEPERS = 1;

/**
 * A doorbell in shared memory: many may ring, one thread waits. A ring is never lost: who saw number n and waits for
 * more than n returns at once when someone rang in between. Ringing costs no system call while nobody sleeps.
 *
 * ```text
 *  i32 0     how often it rang, modulo 2^32
 *  i32 1     how many waits of that thread sleep: one that blocks it, and those that do not
 * ```
 */
export class Doorbell {
  /** Bytes that a doorbell takes: a cache line. */
  static readonly BYTES = 64;

  readonly #words: Int32Array;

  /** The doorbell at `byteOffset` of `buffer`, a SharedArrayBuffer whose bytes there were zero at first. */
  constructor(buffer: SharedArrayBuffer, byteOffset = 0) {
    this.#words = new Int32Array(buffer, byteOffset, Doorbell.BYTES / 4);
  }

  /** How often it rang, modulo 2^32: read it before looking for work, then wait for the next. */
  get sequence(): number {
    return Atomics.load(this.#words, SEQUENCE);
  }

  /** Wakes the waiter. */
  ring(): void {
    Atomics.add(this.#words, SEQUENCE, 1);
    if (Atomics.load(this.#words, SLEEPERS) !== 0) Atomics.notify(this.#words, SEQUENCE);
  }

  /**
   * Blocks this thread until the doorbell has rung since `seen`, or `timeout` milliseconds have passed.
   *
   * @returns whether it rang
   */
  waitSync(seen: number, timeout: number, idle: IdleStrategy): boolean {
    for (let spin = idle.spins; spin > 0; spin -= 1) {
      if (Atomics.load(this.#words, SEQUENCE) !== seen) return true;
    }
    const until = performance.now() + timeout;
    let left = timeout;
    Atomics.add(this.#words, SLEEPERS, 1);
    // Who rang before, and was seen doing so, may come to its notify only now: that wake-up is not for this wait.
    while (Atomics.wait(this.#words, SEQUENCE, seen, left) === 'ok') {
      if (Atomics.load(this.#words, SEQUENCE) !== seen) break;
      left = Math.max(0, until - performance.now());
    }
    Atomics.sub(this.#words, SLEEPERS, 1);
    return Atomics.load(this.#words, SEQUENCE) !== seen;
  }

  /**
   * As {@link waitSync} without blocking the thread. It does not keep the event loop alive: who waits so must hold
   * something that does.
   */
  async wait(seen: number, timeout: number): Promise<boolean> {
    const until = performance.now() + timeout;
    Atomics.add(this.#words, SLEEPERS, 1);
    try {
      let left = timeout;
      // Where nothing has rung yet the answer is a promise; `value` is also what it says when there is no need to wait.
      while (Atomics.load(this.#words, SEQUENCE) === seen && left > 0) {
        if ((await Atomics.waitAsync(this.#words, SEQUENCE, seen, left).value) === 'timed-out') break;
        left = until - performance.now();
      }
    } finally {
      Atomics.sub(this.#words, SLEEPERS, 1);
    }
    return Atomics.load(this.#words, SEQUENCE) !== seen;
  }
}
