import type { Agent } from './agent.ts';
import { Hash } from './hash.ts';
import type { AgentId } from './message.ts';
import { NONE } from './queue/event-pool.ts';

/** The agent overrides `update`: it gets the whole inbox of a round at once. */
export const BATCHED = 1;
/** It threw and is to be removed: nothing reaches it any more. */
export const FAILED = 2;
/** It threw in this round and ends the run: what else it would get in the round is dropped. */
export const ENDING = 4;

/** Largest integer id that is looked up in an array instead of a map. */
const DIRECT_IDS = 1 << 22;

/**
 * Every id that this cluster has to do with, its own agents' and others', under a small index, so that the hot path
 * compares and looks up numbers. An index stays valid from one sweep to the next.
 */
export class AgentTable {
  readonly ids: AgentId[] = [];
  readonly agents: (Agent | undefined)[] = [];
  /** Cluster that the id is placed on. */
  home: Int32Array<ArrayBuffer> = new Int32Array(64);
  /** How many messages the agent has sent, modulo 2^32. */
  counts: Int32Array<ArrayBuffer> = new Int32Array(64);
  flags: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  /** First of its inbox while a round is handed out. */
  inbox: Int32Array<ArrayBuffer> = new Int32Array(64).fill(NONE);
  /** First of the pending alarms it has set. */
  alarms: Int32Array<ArrayBuffer> = new Int32Array(64).fill(NONE);
  /** Two lanes each: the running digest, and the hash of the id. */
  digests: Int32Array<ArrayBuffer> = new Int32Array(128);
  idHashes: Int32Array<ArrayBuffer> = new Int32Array(128);
  /** Number of agents that live here. */
  living = 0;

  /** Indexes that have come to mean another id, for those who name agents by index from outside. */
  renamed: number[] = [];

  readonly #place: (id: AgentId) => number;
  /** Ids that have moved away from where they were placed. */
  readonly #moved = new Map<AgentId, number>();
  readonly #byText = new Map<AgentId, number>();
  #byNumber = new Int32Array(0);
  readonly #free: number[] = [];
  #sweepAt = 4096;

  constructor(place: (id: AgentId) => number) {
    this.#place = place;
  }

  /** How many indexes were ever given out. */
  get length(): number {
    return this.ids.length;
  }

  /** The index of `id`, known or new. */
  indexOf(id: AgentId): number {
    if (typeof id === 'number' && id >= 0 && id < this.#byNumber.length) {
      const index = this.#byNumber[id] as number;
      if (index !== NONE) return index;
    } else {
      const index = this.#byText.get(id);
      if (index !== undefined) return index;
    }
    return this.#intern(id);
  }

  /** The index of `id`, or NONE where it never came up. */
  find(id: AgentId): number {
    if (typeof id === 'number' && id >= 0 && id < this.#byNumber.length) return this.#byNumber[id] as number;
    return this.#byText.get(id) ?? NONE;
  }

  /** The cluster that `id` is placed on. */
  homeOf(id: AgentId): number {
    // First the index: to give one out may replace the arrays.
    const index = this.indexOf(id);
    return this.home[index] as number;
  }

  /** From now on `id` lives on another cluster. Answers its index, or NONE where it never came up. */
  relocate(id: AgentId, cluster: number): number {
    this.#moved.set(id, cluster);
    const index = this.find(id);
    if (index !== NONE) this.home[index] = cluster;
    return index;
  }

  #intern(id: AgentId): number {
    const home = this.#moved.get(id) ?? this.#place(id);
    const index = this.#free.pop() ?? this.ids.length;
    if (index === this.home.length) this.#grow();
    this.ids[index] = id;
    this.renamed.push(index);
    this.agents[index] = undefined;
    this.home[index] = home;
    this.counts[index] = 0;
    this.flags[index] = 0;
    HASH.set(0x3c6ef372, 0x1b873593);
    HASH.id(id);
    HASH.finish();
    this.idHashes[index * 2] = HASH.a;
    this.idHashes[index * 2 + 1] = HASH.b;
    if (typeof id === 'number' && id >= 0 && id < DIRECT_IDS && id < 1024 + 4 * this.ids.length) {
      if (id >= this.#byNumber.length) {
        this.#growNumbers(id);
        // Ids that lay outside of the array until now are looked up in it from now on.
        for (const [known, at] of this.#byText) {
          if (typeof known === 'number' && known >= 0 && known < this.#byNumber.length) {
            this.#byNumber[known] = at;
            this.#byText.delete(known);
          }
        }
      }
      this.#byNumber[id] = index;
    } else if (typeof id === 'number' && id >= 0 && id < this.#byNumber.length) {
      this.#byNumber[id] = index;
    } else {
      this.#byText.set(id, index);
    }
    return index;
  }

  #growNumbers(id: number): void {
    const larger = new Int32Array(Math.max(1024, (id + 1) * 2)).fill(NONE);
    larger.set(this.#byNumber);
    this.#byNumber = larger;
  }

  #grow(): void {
    const length = this.home.length * 2;
    const wider = (array: Int32Array, size: number): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(size);
      larger.set(array);
      return larger;
    };
    const old = this.home.length;
    this.home = wider(this.home, length);
    this.counts = wider(this.counts, length);
    this.inbox = wider(this.inbox, length).fill(NONE, old);
    this.alarms = wider(this.alarms, length).fill(NONE, old);
    this.digests = wider(this.digests, length * 2);
    this.idHashes = wider(this.idHashes, length * 2);
    const flags = new Uint8Array(length);
    flags.set(this.flags);
    this.flags = flags;
  }

  /** Whether so many ids have come up since the last sweep that it is worth looking for those nobody needs. */
  get wantsSweep(): boolean {
    return this.ids.length - this.#free.length > this.#sweepAt;
  }

  /** The indexes of ids that belong to no agent here and that `inUse` does not name. */
  unused(inUse: Uint8Array): number[] {
    const free = new Set(this.#free);
    return this.ids.flatMap((_, index) =>
      this.agents[index] !== undefined || inUse[index] === 1 || free.has(index) ? [] : [index],
    );
  }

  /**
   * Forgets the ids that belong to no agent here and that `inUse` does not name, so that a model in which agents are
   * born and die for ever does not grow for ever. Answers the indexes that are free now.
   */
  sweep(inUse: Uint8Array): number[] {
    const freed = this.unused(inUse);
    for (const index of freed) {
      const id = this.ids[index] as AgentId;
      if (typeof id === 'number' && id >= 0 && id < this.#byNumber.length) this.#byNumber[id] = NONE;
      else this.#byText.delete(id);
    }
    for (const index of freed) this.#free.push(index);
    this.#sweepAt = Math.max(4096, (this.ids.length - this.#free.length) * 2);
    return freed;
  }
}

const HASH = new Hash();
