import { CANCELLED, type EventPool, FLAGS, NONE } from './event-pool.ts';

/** A bucket of at most this many goes to the bottom as it is; a larger one is spread over a finer rung. */
const SPLIT = 48;
/** Events per bucket, in the mean, that a rung is made for. */
const PER_BUCKET = 3;
/** A bottom that insertions let grow beyond this becomes a rung. */
const BOTTOM_LIMIT = 256;
/** Most rungs; a bucket of the last one is sorted whatever its size. */
const MAX_RUNGS = 10;
/** Most buckets of a rung, and most per event that it is made from. */
const MAX_BUCKETS = 1 << 20;
const BUCKETS_PER_EVENT = 8;

/** Flags of which nothing is known. */
const ANY = -1;

/** One level of buckets: bucket i holds, as a chain, what is due from `start + i / perTime` on. */
class Rung {
  start = 0;
  /** Buckets per unit of time. */
  perTime = 0;
  buckets = 0;
  /** The first bucket that has not been taken. */
  current = 0;
  heads = new Int32Array(0);
}

/** Events in a row: when they are due, and their slots. */
class Row {
  times = new Float64Array(512);
  slots = new Int32Array(512);
  size = 0;

  add(slot: number, time: number): void {
    const { size } = this;
    if (size === this.slots.length) this.#grow();
    this.times[size] = time;
    this.slots[size] = slot;
    this.size = size + 1;
  }

  #grow(): void {
    const times = new Float64Array(this.size * 2);
    const slots = new Int32Array(this.size * 2);
    times.set(this.times);
    slots.set(this.slots);
    this.times = times;
    this.slots = slots;
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
 * Large-Scale Discrete Event Simulation, ACM TOMACS 15(3), 2005) over typed arrays. Unlike the paper's,
 * - it does not spread a bucket whose events are all due at the same time, and turns an overgrown bottom into a rung
 *   only when that parts something: ties, the common case of models with ticks, cost nothing;
 * - the buckets of rung 0 are as wide as the pace of the last stretch asks for. Most events reach a rung after it was
 *   made, so that how many it was made from says little of how many a bucket will hold when its turn comes.
 *
 * Cancelled events stay until the queue meets them, or until they outnumber the living.
 */
export class LadderQueue {
  /** Events in the queue that are not cancelled. */
  size = 0;
  /** When the event is due that {@link takeOne} took last. */
  taken = 0;

  readonly #pool: EventPool;
  readonly #release: (slot: number) => void;
  #cancelled = 0;

  readonly #top = new Row();
  #topMin = Number.POSITIVE_INFINITY;
  #topMax = Number.NEGATIVE_INFINITY;
  /** What is due later than this belongs to the top. */
  #limit = Number.NEGATIVE_INFINITY;

  readonly #rungs: Rung[] = [];
  #depth = 0;

  /** The earliest last. */
  readonly #bottom = new Row();

  /**
   * All flags of the events in the bottom, or-ed. They are looked at when a bucket is filled, for several events at a
   * time, so that the waits for their records overlap: when they are delivered, the records are at hand.
   */
  #flags = 0;

  /** When the first event of rung 0 was due, and how many have come to the bottom since. */
  #paceFrom = 0;
  #pace = 0;

  /** @param release called with the slots of cancelled events when the queue lets go of them */
  constructor(pool: EventPool, release: (slot: number) => void) {
    this.#pool = pool;
    this.#release = release;
  }

  /** Adds the event in `slot`, due at `pool.due[slot]`. */
  push(slot: number): void {
    this.size += 1;
    this.#insert(slot);
  }

  // Times are not passed as arguments: V8 allocates a number for each that crosses a call that it does not inline.
  #insert(slot: number): void {
    const time = this.#pool.due[slot] as number;
    if (time > this.#limit) {
      this.#top.add(slot, time);
      if (time < this.#topMin) this.#topMin = time;
      if (time > this.#topMax) this.#topMax = time;
      return;
    }
    const depth = this.#depth;
    for (let level = 0; level < depth; level += 1) {
      const rung = this.#rungs[level] as Rung;
      const { buckets, current } = rung;
      const offset = (time - rung.start) * rung.perTime;
      if (offset >= current && current < buckets) {
        const { heads } = rung;
        // Monotone in time, rounding included: what is due earlier never lies in a later bucket.
        const index = offset < buckets ? offset | 0 : buckets - 1;
        this.#pool.next[slot] = heads[index] as number;
        heads[index] = slot;
        return;
      }
    }
    if (this.#bottom.size >= BOTTOM_LIMIT && this.#spreadBottom()) this.#insert(slot);
    else this.#insertBottom(slot);
  }

  /** When the earliest event is due; infinity when there is none. */
  peek(): number {
    const bottom = this.#bottom;
    for (;;) {
      while (bottom.size > 0) {
        const last = bottom.size - 1;
        const slot = bottom.slots[last] as number;
        if (this.#isLive(slot)) return bottom.times[last] as number;
        bottom.size = last;
        this.#drop(slot);
      }
      if (!this.#refill()) return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Takes the earliest event if it is due before `bound`, alone at its time, and its record has none of the flags in
   * `odd`. NONE where that is not so: {@link take} takes care of all cases.
   */
  takeOne(bound: number, odd: number): number {
    const bottom = this.#bottom;
    if (bottom.size === 0 && !this.#refill()) return NONE;
    const last = bottom.size - 1;
    const { times } = bottom;
    const time = times[last] as number;
    if (time >= bound || (last > 0 && times[last - 1] === time)) return NONE;
    const slot = bottom.slots[last] as number;
    if ((this.#flags & odd) !== 0 && (this.#pool.flagsOf(slot) & odd) !== 0) return NONE;
    bottom.size = last;
    this.size -= 1;
    this.taken = time;
    return slot;
  }

  /** Takes all events that are due first, at the time that {@link peek} answers, into `out`; answers their number. */
  take(out: { slots: Int32Array }): number {
    const time = this.peek();
    if (time === Number.POSITIVE_INFINITY) return 0;
    let count = 0;
    const { times, slots } = this.#bottom;
    let left = this.#bottom.size;
    while (left > 0 && times[left - 1] === time) {
      left -= 1;
      const slot = slots[left] as number;
      if (this.#isLive(slot)) {
        if (count === out.slots.length) {
          const larger = new Int32Array(count * 2);
          larger.set(out.slots);
          out.slots = larger;
        }
        out.slots[count] = slot;
        count += 1;
      } else {
        this.#drop(slot);
      }
    }
    this.#bottom.size = left;
    this.size -= count;
    return count;
  }

  /** The event in `slot` was marked as cancelled. */
  cancel(): void {
    this.size -= 1;
    this.#cancelled += 1;
    this.#flags |= CANCELLED;
    if (this.#cancelled > 1024 && this.#cancelled > this.size) this.#compact();
  }

  /** Visits the slots of all events that are not cancelled, in no order. */
  forEach(visit: (slot: number) => void): void {
    this.#each((slot) => {
      if (this.#isLive(slot)) visit(slot);
    });
  }

  #each(visit: (slot: number) => void): void {
    for (const row of [this.#bottom, this.#top]) {
      for (let index = 0; index < row.size; index += 1) visit(row.slots[index] as number);
    }
    const { next } = this.#pool;
    for (let level = 0; level < this.#depth; level += 1) {
      const rung = this.#rungs[level] as Rung;
      for (let index = rung.current; index < rung.buckets; index += 1) {
        for (let slot = rung.heads[index] as number; slot !== NONE; ) {
          const following = next[slot] as number;
          visit(slot);
          slot = following;
        }
      }
    }
  }

  #isLive(slot: number): boolean {
    return (this.#pool.flagsOf(slot) & CANCELLED) === 0;
  }

  #drop(slot: number): void {
    this.#cancelled -= 1;
    this.#release(slot);
  }

  /** Lets go of the cancelled where they are: the memory of what was cancelled is bounded by what is alive. */
  #compact(): void {
    this.#sift(this.#bottom);
    this.#sift(this.#top);
    const { next } = this.#pool;
    for (let level = 0; level < this.#depth; level += 1) {
      const { heads, buckets, current } = this.#rungs[level] as Rung;
      for (let index = current; index < buckets; index += 1) {
        let kept = NONE;
        for (let slot = heads[index] as number; slot !== NONE; ) {
          const following = next[slot] as number;
          if (this.#isLive(slot)) {
            next[slot] = kept;
            kept = slot;
          } else {
            this.#drop(slot);
          }
          slot = following;
        }
        heads[index] = kept;
      }
    }
  }

  /** Takes the cancelled out of a row, whose order stays. */
  #sift(row: Row): void {
    const { times, slots, size } = row;
    let kept = 0;
    for (let index = 0; index < size; index += 1) {
      const slot = slots[index] as number;
      if (this.#isLive(slot)) {
        times[kept] = times[index] as number;
        slots[kept] = slot;
        kept += 1;
      } else {
        this.#drop(slot);
      }
    }
    row.size = kept;
  }

  #emptyTop(): void {
    this.#top.size = 0;
    this.#topMin = Number.POSITIVE_INFINITY;
    this.#topMax = Number.NEGATIVE_INFINITY;
  }

  /** Brings the next bucket to the bottom, which is empty; false when nothing is left. */
  #refill(): boolean {
    for (;;) {
      if (this.#depth === 0) {
        if (this.#top.size === 0) return false;
        this.#takeTop();
        if (this.#bottom.size > 0) return true;
      }
      const rung = this.#rungs[this.#depth - 1] as Rung;
      const { heads, buckets } = rung;
      let index = rung.current;
      while (index < buckets && heads[index] === NONE) index += 1;
      if (index === buckets) {
        this.#depth -= 1;
        continue;
      }
      const head = heads[index] as number;
      heads[index] = NONE;
      rung.current = index + 1;
      if (this.#fillBottom(head)) return true;
    }
  }

  /** Makes the top rung 0, or the bottom where it is small or cannot be parted. */
  #takeTop(): void {
    const top = this.#top;
    const min = this.#topMin;
    const max = this.#topMax;
    // Strictly later: what is due at the same time as the last of these must come out with it.
    this.#limit = max;
    const pace = this.#pace / (min - this.#paceFrom);
    this.#pace = 0;
    this.#paceFrom = min;
    const paced = pace > 0 && pace < Number.POSITIVE_INFINITY ? (max - min) * pace : 0;
    if (top.size <= SPLIT || !this.#spread(top, min, max, Math.max(top.size, paced))) {
      const bottom = this.#bottom;
      for (let index = 0; index < top.size; index += 1) {
        bottom.add(top.slots[index] as number, top.times[index] as number);
      }
      sort(bottom);
      this.#flags = ANY;
    }
    this.#emptyTop();
  }

  /** Sorts the chain that begins at `head` into the bottom; false when it is spread over a finer rung instead. */
  #fillBottom(head: number): boolean {
    const { due, halves, halfStride, next } = this.#pool;
    const bottom = this.#bottom;
    const { times, slots } = bottom;
    let size = 0;
    let slot = head;
    let flags = 0;
    // Few, as a rule: each is put where it belongs.
    while (slot !== NONE && size < SPLIT) {
      const time = due[slot] as number;
      flags |= halves[slot * halfStride + FLAGS] as number;
      let hole = size;
      while (hole > 0 && (times[hole - 1] as number) < time) {
        times[hole] = times[hole - 1] as number;
        slots[hole] = slots[hole - 1] as number;
        hole -= 1;
      }
      times[hole] = time;
      slots[hole] = slot;
      size += 1;
      slot = next[slot] as number;
    }
    bottom.size = size;
    this.#flags = slot === NONE ? flags : ANY;
    if (slot === NONE) {
      this.#pace += size;
      return true;
    }
    for (; slot !== NONE; slot = next[slot] as number) bottom.add(slot, due[slot] as number);
    this.#pace += bottom.size;
    if (this.#spreadBottom()) return false;
    sort(bottom);
    return true;
  }

  /**
   * A rung whose last bucket was taken has no use any more; kept, such rungs would pile up above the events that arrive
   * behind the last of each.
   */
  #dropExhausted(): void {
    while (this.#depth > 0) {
      const rung = this.#rungs[this.#depth - 1] as Rung;
      if (rung.current < rung.buckets) return;
      this.#depth -= 1;
    }
  }

  /** Spreads a row over a new rung, for so many events in all; false when that parts nothing. */
  #spread(row: Row, min: number, max: number, expected: number): boolean {
    const { size, times, slots } = row;
    const most = Math.min(size * BUCKETS_PER_EVENT, MAX_BUCKETS);
    const buckets = Math.min(Math.max(Math.ceil(expected / PER_BUCKET), 2), most);
    const perTime = buckets / (max - min);
    if (!(perTime < Number.POSITIVE_INFINITY)) return false;
    let rung = this.#rungs[this.#depth];
    if (rung === undefined) {
      rung = new Rung();
      this.#rungs.push(rung);
    }
    if (rung.heads.length < buckets) {
      rung.heads = new Int32Array(1 << (32 - Math.clz32(buckets - 1))).fill(NONE);
    }
    rung.start = min;
    rung.perTime = perTime;
    rung.buckets = buckets;
    rung.current = 0;
    this.#depth += 1;
    const { next } = this.#pool;
    const { heads } = rung;
    for (let at = 0; at < size; at += 1) {
      const slot = slots[at] as number;
      const offset = ((times[at] as number) - min) * perTime;
      const index = offset < buckets ? offset | 0 : buckets - 1;
      next[slot] = heads[index] as number;
      heads[index] = slot;
    }
    return true;
  }

  #insertBottom(slot: number): void {
    const time = this.#pool.due[slot] as number;
    const bottom = this.#bottom;
    this.#flags |= this.#pool.flagsOf(slot);
    bottom.add(slot, time);
    const { times, slots } = bottom;
    let hole = bottom.size - 1;
    while (hole > 0 && (times[hole - 1] as number) < time) {
      times[hole] = times[hole - 1] as number;
      slots[hole] = slots[hole - 1] as number;
      hole -= 1;
    }
    times[hole] = time;
    slots[hole] = slot;
  }

  /** Turns the bottom, sorted or not, into the finest rung; false when that parts nothing. */
  #spreadBottom(): boolean {
    this.#dropExhausted();
    if (this.#depth >= MAX_RUNGS) return false;
    const { size, times } = this.#bottom;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < size; index += 1) {
      const time = times[index] as number;
      if (time < min) min = time;
      if (time > max) max = time;
    }
    if (!this.#spread(this.#bottom, min, max, size)) return false;
    this.#bottom.size = 0;
    return true;
  }
}

/** Sorts a row, latest first. */
function sort(row: Row): void {
  const { size, times, slots } = row;
  if (size > SPLIT) {
    sortLarge(row);
    return;
  }
  for (let index = 1; index < size; index += 1) {
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

function sortLarge({ size, times, slots }: Row): void {
  const order = Array.from({ length: size }, (_, index) => index);
  order.sort((a, b) => (times[b] as number) - (times[a] as number));
  const sortedTimes = order.map((index) => times[index] as number);
  const sortedSlots = order.map((index) => slots[index] as number);
  times.set(sortedTimes);
  slots.set(sortedSlots);
}
