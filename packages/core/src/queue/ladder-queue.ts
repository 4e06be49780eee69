import { CANCELLED, type EventPool, FLAGS, NONE } from './event-pool.ts';

/** A bucket of at most this many goes to the bottom as it is; a larger one is spread over a finer rung. */
const SPLIT = 48;
/** Mean number of events per bucket when a rung is made. */
const PER_BUCKET = 4;
/** A bottom that insertions let grow beyond this becomes a rung. */
const BOTTOM_LIMIT = 256;
/** Most rungs; a bucket of the last one is sorted whatever its size. */
const MAX_RUNGS = 10;
const MAX_BUCKETS = 1 << 20;

/** One level of buckets: bucket i holds, as a chain, what is due from `start + i / perTime` on. */
class Rung {
  start = 0;
  /** Buckets per unit of time. */
  perTime = 0;
  buckets = 0;
  /** The first bucket that has not been taken. */
  current = 0;
  /** Events in the rung. */
  size = 0;
  heads = new Int32Array(0);
  counts = new Int32Array(0);

  /** The bucket of a time: monotone, so that what is due earlier never lies in a later bucket. */
  indexOf(time: number): number {
    const index = Math.floor((time - this.start) * this.perTime);
    return index < this.buckets ? index : this.buckets - 1;
  }
}

/**
 * Pending events by the time they are due; events due at the same time come out together.
 *
 * ```text
 *   top       what is due after everything below, unsorted
 *   rung 0    |----|----|----|----|----|      buckets, each spread ...
 *   rung 1         |--|--|--|--|              ... over a finer rung when its turn comes and it is large
 *   bottom         t t t t                    the bucket at hand, sorted, latest first
 * ```
 *
 * A ladder queue (W. T. Tang, R. S. M. Goh, I. L.-J. Thng, Ladder Queue: An O(1) Priority Queue Structure for
 * Large-Scale Discrete Event Simulation, ACM TOMACS 15(3), 2005) over typed arrays. Unlike the paper's, it does not
 * spread a bucket whose events are all due at the same time, and turns an overgrown bottom into a rung only when that
 * parts something: ties, the common case of models with ticks, cost nothing.
 *
 * Cancelled events stay until the queue meets them, or until they outnumber the living.
 */
export class LadderQueue {
  /** Events in the queue that are not cancelled. */
  size = 0;

  readonly #pool: EventPool;
  readonly #release: (slot: number) => void;
  #cancelled = 0;

  #top = NONE;
  #topSize = 0;
  #topMin = Number.POSITIVE_INFINITY;
  #topMax = Number.NEGATIVE_INFINITY;
  /** What is due later than this belongs to the top. */
  #limit = Number.NEGATIVE_INFINITY;

  readonly #rungs: Rung[] = [];
  #depth = 0;

  /** Due times and slots, the earliest last. */
  #times = new Float64Array(512);
  #slots = new Int32Array(512);
  #bottom = 0;

  /** @param release called with the slots of cancelled events when the queue lets go of them */
  constructor(pool: EventPool, release: (slot: number) => void) {
    this.#pool = pool;
    this.#release = release;
  }

  /** Adds the event in `slot`, due at `pool.due[slot]`. */
  push(slot: number): void {
    this.size += 1;
    this.#insert(slot, this.#pool.due[slot] as number);
  }

  #insert(slot: number, time: number): void {
    if (time > this.#limit) {
      this.#pool.next[slot] = this.#top;
      this.#top = slot;
      this.#topSize += 1;
      if (time < this.#topMin) this.#topMin = time;
      if (time > this.#topMax) this.#topMax = time;
      return;
    }
    for (let level = 0; level < this.#depth; level += 1) {
      const rung = this.#rungs[level] as Rung;
      const index = rung.indexOf(time);
      if (index >= rung.current) {
        this.#pool.next[slot] = rung.heads[index] as number;
        rung.heads[index] = slot;
        rung.counts[index] = (rung.counts[index] as number) + 1;
        rung.size += 1;
        return;
      }
    }
    if (this.#bottom >= BOTTOM_LIMIT && this.#spreadBottom()) {
      this.#insert(slot, time);
      return;
    }
    this.#insertBottom(slot, time);
  }

  /** When the earliest event is due; infinity when there is none. */
  peek(): number {
    for (;;) {
      while (this.#bottom > 0) {
        const last = this.#bottom - 1;
        const slot = this.#slots[last] as number;
        if (this.#isLive(slot)) return this.#times[last] as number;
        this.#bottom = last;
        this.#drop(slot);
      }
      if (!this.#refill()) return Number.POSITIVE_INFINITY;
    }
  }

  /** Takes all events that are due first, at the time that {@link peek} answers, into `out`; answers their number. */
  take(out: { slots: Int32Array }): number {
    const time = this.peek();
    if (time === Number.POSITIVE_INFINITY) return 0;
    let count = 0;
    let bottom = this.#bottom;
    const times = this.#times;
    const slots = this.#slots;
    while (bottom > 0 && times[bottom - 1] === time) {
      bottom -= 1;
      const slot = slots[bottom] as number;
      if (this.#isLive(slot)) {
        if (count === out.slots.length) out.slots = grown(out.slots, count * 2);
        out.slots[count] = slot;
        count += 1;
      } else {
        this.#drop(slot);
      }
    }
    this.#bottom = bottom;
    this.size -= count;
    return count;
  }

  /** The event in `slot` was marked as cancelled. */
  cancel(): void {
    this.size -= 1;
    this.#cancelled += 1;
    if (this.#cancelled > 1024 && this.#cancelled > this.size) this.#compact();
  }

  /** Visits the slots of all events that are not cancelled, in no order. */
  forEach(visit: (slot: number) => void): void {
    for (let index = 0; index < this.#bottom; index += 1) {
      if (this.#isLive(this.#slots[index] as number)) visit(this.#slots[index] as number);
    }
    this.#eachChained((slot) => {
      if (this.#isLive(slot)) visit(slot);
    });
  }

  #eachChained(visit: (slot: number) => void): void {
    const next = this.#pool.next;
    const walk = (head: number): void => {
      for (let slot = head; slot !== NONE; ) {
        const following = next[slot] as number;
        visit(slot);
        slot = following;
      }
    };
    for (let level = 0; level < this.#depth; level += 1) {
      const rung = this.#rungs[level] as Rung;
      for (let index = rung.current; index < rung.buckets; index += 1) walk(rung.heads[index] as number);
    }
    walk(this.#top);
  }

  #isLive(slot: number): boolean {
    return ((this.#pool.words[slot * this.#pool.wordStride + FLAGS] as number) & CANCELLED) === 0;
  }

  #drop(slot: number): void {
    this.#cancelled -= 1;
    this.#release(slot);
  }

  /** Rebuilds the queue without the cancelled: the memory of what was cancelled is bounded by what is alive. */
  #compact(): void {
    const live: number[] = [];
    const dead: number[] = [];
    const sort = (slot: number): void => {
      (this.#isLive(slot) ? live : dead).push(slot);
    };
    for (let index = 0; index < this.#bottom; index += 1) sort(this.#slots[index] as number);
    this.#eachChained(sort);
    for (let level = 0; level < this.#depth; level += 1) {
      const rung = this.#rungs[level] as Rung;
      rung.heads.fill(NONE);
      rung.counts.fill(0);
      rung.size = 0;
    }
    this.#bottom = 0;
    this.#depth = 0;
    this.#top = NONE;
    this.#topSize = 0;
    this.#topMin = Number.POSITIVE_INFINITY;
    this.#topMax = Number.NEGATIVE_INFINITY;
    this.#limit = Number.NEGATIVE_INFINITY;
    for (const slot of dead) this.#drop(slot);
    for (const slot of live) this.#insert(slot, this.#pool.due[slot] as number);
  }

  /** Brings the next bucket to the bottom; false when nothing is left. */
  #refill(): boolean {
    for (;;) {
      if (this.#depth === 0) {
        if (this.#topSize === 0) return false;
        const head = this.#top;
        const size = this.#topSize;
        const min = this.#topMin;
        const max = this.#topMax;
        this.#top = NONE;
        this.#topSize = 0;
        this.#topMin = Number.POSITIVE_INFINITY;
        this.#topMax = Number.NEGATIVE_INFINITY;
        // Strictly later: what is due at the same time as the last of these must come out with it.
        this.#limit = max;
        if (size <= SPLIT || !this.#spread(head, size, min, max)) {
          this.#fillBottom(head, size);
          return true;
        }
      }
      const rung = this.#rungs[this.#depth - 1] as Rung;
      if (rung.size === 0) {
        this.#depth -= 1;
        continue;
      }
      const counts = rung.counts;
      let index = rung.current;
      while (counts[index] === 0) index += 1;
      const head = rung.heads[index] as number;
      const size = counts[index] as number;
      rung.heads[index] = NONE;
      counts[index] = 0;
      rung.current = index + 1;
      rung.size -= size;
      if (size > SPLIT) this.#dropExhausted();
      if (size > SPLIT && this.#depth < MAX_RUNGS) {
        const due = this.#pool.due;
        const next = this.#pool.next;
        let min = Number.POSITIVE_INFINITY;
        let max = Number.NEGATIVE_INFINITY;
        for (let slot = head; slot !== NONE; slot = next[slot] as number) {
          const time = due[slot] as number;
          if (time < min) min = time;
          if (time > max) max = time;
        }
        if (this.#spread(head, size, min, max)) continue;
      }
      this.#fillBottom(head, size);
      return true;
    }
  }

  /**
   * A rung whose last bucket was taken has no use any more; kept, such rungs would pile up above the events that arrive
   * behind the last of each.
   */
  #dropExhausted(): void {
    while (this.#depth > 0) {
      const rung = this.#rungs[this.#depth - 1] as Rung;
      if (rung.size > 0 || rung.current < rung.buckets) return;
      this.#depth -= 1;
    }
  }

  /** Spreads a chain over a new rung; false when that parts nothing. */
  #spread(head: number, size: number, min: number, max: number): boolean {
    const buckets = Math.min(Math.max(Math.ceil(size / PER_BUCKET), 2), MAX_BUCKETS);
    const perTime = buckets / (max - min);
    if (!(perTime < Number.POSITIVE_INFINITY)) return false;
    let rung = this.#rungs[this.#depth];
    if (rung === undefined) {
      rung = new Rung();
      this.#rungs.push(rung);
    }
    if (rung.heads.length < buckets) {
      const length = 1 << (32 - Math.clz32(buckets - 1));
      rung.heads = new Int32Array(length).fill(NONE);
      rung.counts = new Int32Array(length);
    }
    rung.start = min;
    rung.perTime = perTime;
    rung.buckets = buckets;
    rung.current = 0;
    rung.size = size;
    this.#depth += 1;
    const { due, next } = this.#pool;
    const { heads, counts } = rung;
    for (let slot = head; slot !== NONE; ) {
      const following = next[slot] as number;
      const index = rung.indexOf(due[slot] as number);
      next[slot] = heads[index] as number;
      heads[index] = slot;
      counts[index] = (counts[index] as number) + 1;
      slot = following;
    }
    return true;
  }

  #fillBottom(head: number, size: number): void {
    if (this.#times.length < size) {
      this.#times = new Float64Array(size * 2);
      this.#slots = new Int32Array(size * 2);
    }
    const { due, next } = this.#pool;
    const times = this.#times;
    const slots = this.#slots;
    let count = 0;
    let sorted = true;
    for (let slot = head; slot !== NONE; slot = next[slot] as number) {
      const time = due[slot] as number;
      if (count > 0 && time > (times[count - 1] as number)) sorted = false;
      times[count] = time;
      slots[count] = slot;
      count += 1;
    }
    this.#bottom = count;
    if (sorted) return;
    if (count <= 64) insertionSort(times, slots, count);
    else sortLarge(times, slots, count);
  }

  #insertBottom(slot: number, time: number): void {
    if (this.#bottom === this.#times.length) {
      this.#times = grown(this.#times, this.#bottom * 2);
      this.#slots = grown(this.#slots, this.#bottom * 2);
    }
    const times = this.#times;
    const slots = this.#slots;
    let index = this.#bottom;
    while (index > 0 && (times[index - 1] as number) < time) {
      times[index] = times[index - 1] as number;
      slots[index] = slots[index - 1] as number;
      index -= 1;
    }
    times[index] = time;
    slots[index] = slot;
    this.#bottom += 1;
  }

  /** Turns the bottom into the finest rung; false when that parts nothing. */
  #spreadBottom(): boolean {
    this.#dropExhausted();
    if (this.#depth >= MAX_RUNGS) return false;
    const size = this.#bottom;
    const max = this.#times[0] as number;
    const min = this.#times[size - 1] as number;
    if (min === max) return false;
    let head = NONE;
    for (let index = 0; index < size; index += 1) {
      const slot = this.#slots[index] as number;
      this.#pool.next[slot] = head;
      head = slot;
    }
    if (!this.#spread(head, size, min, max)) return false;
    this.#bottom = 0;
    return true;
  }
}

function grown<T extends Float64Array | Int32Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}

/** Sorts latest first. */
function insertionSort(times: Float64Array, slots: Int32Array, count: number): void {
  for (let index = 1; index < count; index += 1) {
    const time = times[index] as number;
    const slot = slots[index] as number;
    let hole = index;
    while (hole > 0 && (times[hole - 1] as number) < time) {
      times[hole] = times[hole - 1] as number;
      slots[hole] = slots[hole - 1] as number;
      hole -= 1;
    }
    times[hole] = time;
    slots[hole] = slot;
  }
}

function sortLarge(times: Float64Array, slots: Int32Array, count: number): void {
  const order = Array.from({ length: count }, (_, index) => index);
  order.sort((a, b) => (times[b] as number) - (times[a] as number));
  const sortedTimes = order.map((index) => times[index] as number);
  const sortedSlots = order.map((index) => slots[index] as number);
  times.set(sortedTimes);
  slots.set(sortedSlots);
}
