import { SimulationError, show } from '../errors.ts';
import { type KnownOptions, refuseUnknown } from '../known-options.ts';
import type { AgentId } from '../message.ts';
import { Random } from '../random.ts';
import type { TrafficPart } from './traffic.ts';

export interface TrafficRecorderOptions {
  /** One in so many messages is counted, on average. 1 to 1,000,000; default 1: all of them. */
  readonly sample?: number;
  /**
   * Most pairs of sender and receiver that are held, 1 to 50,000,000; default 4,000,000, which take about 100 MB. Beyond
   * that the sampling rate halves.
   */
  readonly pairs?: number;
  /** Decides which messages are counted. Default 1. */
  readonly seed?: number;
}

const OPTIONS: KnownOptions<TrafficRecorderOptions> = { sample: true, pairs: true, seed: true };

/** Words of an entry: sender + 1 (0 is an empty slot), receiver, count. */
const WORDS = 3;
const COUNT_MAX = 0x7fffffff;
const FIRST_CAPACITY = 1024;

/**
 * Counts who sends to whom in one cluster, by the small indexes of its agent table, without allocating per message: a
 * hash table with open addressing over one typed array, which doubles as it fills.
 *
 * Gaps between counted messages are drawn at random from 1 to 2 * sample - 1, so that agents which act in turn are
 * counted alike. When more pairs than allowed come up, or a count reaches 2^31, every other counted message is dropped,
 * in the order of the table, and from then on one in twice as many messages is counted; this is repeated until a
 * quarter of the pairs is free. So a count stands for equally many messages, whenever it was made.
 */
export class TrafficRecorder {
  readonly #first: number;
  readonly #limit: number;
  readonly #random: Random;
  #sample: number;
  #gap = 1;
  #table = new Int32Array(FIRST_CAPACITY * WORDS);
  #mask = FIRST_CAPACITY - 1;
  #pairs = 0;
  /** What was left over when counts were halved: 0 or 1. */
  #carry = 0;

  /** @throws {SimulationError} `ERR_TROUPE_OPTION` */
  constructor(options: TrafficRecorderOptions = {}) {
    refuseUnknown(options, OPTIONS, 'a traffic recorder');
    const { sample = 1, pairs = 4_000_000, seed = 1 } = options;
    for (const [name, value, max] of [
      ['sample', sample, 1_000_000],
      ['pairs', pairs, 50_000_000],
    ] as const) {
      if (Number.isInteger(value) && value >= 1 && value <= max) continue;
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `${name} is ${show(value)}: give a whole number from 1 to ${max}`,
        { value },
      );
    }
    if (!Number.isFinite(seed)) {
      throw new SimulationError('ERR_TROUPE_OPTION', `seed is ${show(seed)}: give a finite number`, {
        value: seed,
      });
    }
    this.#first = sample;
    this.#sample = sample;
    this.#limit = pairs;
    this.#random = Random.of(seed, 'traffic');
    this.#gap = this.#draw();
  }

  /** One in so many messages is counted now. */
  get sample(): number {
    return this.#sample;
  }

  /** How many pairs of sender and receiver are held. */
  get pairs(): number {
    return this.#pairs;
  }

  /**
   * A message is delivered. To be called for every one: where few are sampled, most calls return at once. The indexes are
   * whole numbers from 0 to 2^31 - 2; this is not checked.
   */
  record(from: number, to: number): void {
    this.#gap -= 1;
    if (this.#gap === 0) this.#count(from, to);
  }

  /**
   * What was counted so far. Deliveries from what is no agent (such as `OUTSIDE`) count as load of who got them only.
   *
   * @param nameOf the id behind an index
   */
  snapshot(nameOf: (index: number) => AgentId): TrafficPart {
    let last = -1;
    this.#forEach((from, to) => {
      last = Math.max(last, from, to);
    });
    /** By index: 0 where it has not come up, else 1 + its number in `agents`; -1 for what is no agent. */
    const numbers = new Int32Array(last + 1);
    const agents: AgentId[] = [];
    const numberOf = (index: number): number => {
      if (numbers[index] === 0) {
        const id = nameOf(index);
        numbers[index] = typeof id === 'string' && id.startsWith('@') ? -1 : agents.push(id);
      }
      return (numbers[index] as number) - 1;
    };
    const load = new Float64Array(last + 1);
    const from = new Int32Array(this.#pairs);
    const to = new Int32Array(this.#pairs);
    const count = new Float64Array(this.#pairs);
    let edges = 0;
    this.#forEach((sender, receiver, times) => {
      const target = numberOf(receiver);
      if (target < 0) return;
      load[target] = (load[target] as number) + times;
      const source = numberOf(sender);
      if (source < 0) return;
      from[edges] = source;
      to[edges] = target;
      count[edges] = times;
      edges += 1;
    });
    return {
      sample: this.#sample,
      agents,
      load: load.slice(0, agents.length),
      edges: { from: from.slice(0, edges), to: to.slice(0, edges), count: count.slice(0, edges) },
    };
  }

  /** Sets `inUse` to 1 at each index that something was counted for, so that the index is not given to another agent. */
  mark(inUse: Uint8Array): void {
    this.#forEach((from, to) => {
      inUse[from] = 1;
      inUse[to] = 1;
    });
  }

  /** Drops what was counted for these indexes, because they are going to mean other agents. */
  forget(indexes: readonly number[]): void {
    const gone = new Set(indexes);
    this.#rebuild(this.#mask + 1, (from, to, count) => (gone.has(from) || gone.has(to) ? 0 : count));
  }

  /** Drops everything, and begins anew with the first sampling rate. */
  clear(): void {
    this.#sample = this.#first;
    this.#table = new Int32Array(FIRST_CAPACITY * WORDS);
    this.#mask = FIRST_CAPACITY - 1;
    this.#pairs = 0;
    this.#carry = 0;
    this.#gap = this.#draw();
  }

  #draw(): number {
    return this.#sample === 1 ? 1 : 1 + this.#random.integer(2 * this.#sample - 1);
  }

  #count(from: number, to: number): void {
    const count = this.#add(from, to, 1);
    if (this.#pairs > this.#limit || count === COUNT_MAX) {
      this.#thin();
    } else if (this.#pairs * 4 > this.#mask * 3) {
      this.#rebuild((this.#mask + 1) * 2, (_from, _to, kept) => kept);
    }
    this.#gap = this.#draw();
  }

  /** Adds to the count of a pair, and answers it. */
  #add(from: number, to: number, times: number): number {
    const table = this.#table;
    const mask = this.#mask;
    for (let slot = hash(from, to) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS;
      const key = table[at] as number;
      if (key === 0) {
        table[at] = from + 1;
        table[at + 1] = to;
        table[at + 2] = times;
        this.#pairs += 1;
        return times;
      }
      if (key === from + 1 && table[at + 1] === to) {
        const count = (table[at + 2] as number) + times;
        table[at + 2] = count;
        return count;
      }
    }
  }

  #thin(): void {
    do {
      this.#sample *= 2;
      this.#rebuild(this.#mask + 1, (_from, _to, count) => {
        const sum = count + this.#carry;
        this.#carry = sum % 2;
        return (sum - this.#carry) / 2;
      });
    } while (this.#pairs > this.#limit * 0.75);
  }

  /** A new table of `capacity` slots, with what `keep` leaves of each count. */
  #rebuild(capacity: number, keep: (from: number, to: number, count: number) => number): void {
    const old = this.#table;
    this.#table = new Int32Array(capacity * WORDS);
    this.#mask = capacity - 1;
    this.#pairs = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      const key = old[at] as number;
      if (key === 0) continue;
      const kept = keep(key - 1, old[at + 1] as number, old[at + 2] as number);
      if (kept > 0) this.#add(key - 1, old[at + 1] as number, kept);
    }
  }

  #forEach(visit: (from: number, to: number, count: number) => void): void {
    const table = this.#table;
    for (let at = 0; at < table.length; at += WORDS) {
      const key = table[at] as number;
      if (key !== 0) visit(key - 1, table[at + 1] as number, table[at + 2] as number);
    }
  }
}

/** Spreads a pair of indexes over 32 bits. The last steps are the finalizer of MurmurHash3 (Austin Appleby). */
function hash(from: number, to: number): number {
  let h = Math.imul(from, 0x9e3779b1) ^ Math.imul(to, 0x7feb352d);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
