import type { NodeGroup } from '@troupe/transport';
import { PULSE_AGENT, PULSE_EVENTS, PULSE_STATE, PULSE_TIME, PULSE_WINDOWS, STATE_RUNNING } from './pulse.ts';

export interface Progress {
  /** Simulated time of the cluster that is behind most, in seconds. */
  readonly simTime: number;
  /** Messages delivered in this run. */
  readonly events: number;
  /** Per second of wall time, since the last progress. */
  readonly eventsPerSecond: number;
  /** Simulated seconds per second of wall time, since the last progress. */
  readonly ratio: number;
}

/** A node that has not moved for some time. */
export interface Stall {
  readonly node: number;
  /** Milliseconds. */
  readonly since: number;
  /** Index of the agent whose handler was called last. */
  readonly agent: number;
  /** Simulated time at which the node stands, in seconds. */
  readonly time: number;
}

export interface WatchOptions {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Milliseconds after which a node that is in a handler has stalled; 0 for never. */
  readonly stallTimeout: number;
  /** Simulated time at which the run begins, in seconds. */
  readonly time: number;
  /** Called at each look. `seconds` is the wall time since the run began, `total` all events that nodes ever had. */
  readonly onLook: (progress: Progress, seconds: number, total: number) => void;
  readonly onStall: (stall: Stall) => void;
}

interface Seen {
  events: number;
  windows: number;
  agent: number;
  since: number;
}

/** Looks at the pulses of nodes from time to time: for progress, and for nodes that have none. */
export class NodeWatch {
  readonly #pulses: readonly Float64Array[];
  readonly #options: WatchOptions;
  readonly #seen: readonly Seen[];
  readonly #timer: NodeJS.Timeout;
  readonly #startWall = performance.now();
  readonly #eventsBefore: number;
  #last: { readonly wall: number; readonly events: number; readonly time: number };

  constructor(group: NodeGroup, options: WatchOptions) {
    this.#options = options;
    this.#pulses = Array.from({ length: group.size }, (_, node) => group.pulse(node));
    this.#seen = this.#pulses.map(() => ({ events: -1, windows: -1, agent: -1, since: this.#startWall }));
    this.#eventsBefore = this.total;
    this.#last = { wall: this.#startWall, events: 0, time: options.time };
    this.#timer = setInterval(() => this.#look(), options.interval);
  }

  /** Seconds on the wall since the run began. */
  get seconds(): number {
    return (performance.now() - this.#startWall) / 1000;
  }

  /** Events that the nodes ever had. */
  get total(): number {
    return this.#pulses.reduce((sum, pulse) => sum + (pulse[PULSE_EVENTS] as number), 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const wall = performance.now();
    const total = this.total;
    const events = total - this.#eventsBefore;
    const simTime = Math.min(...this.#pulses.map((pulse) => pulse[PULSE_TIME] as number));
    const seconds = (wall - this.#last.wall) / 1000;
    const progress = {
      simTime,
      events,
      eventsPerSecond: (events - this.#last.events) / seconds,
      ratio: (simTime - this.#last.time) / seconds,
    };
    this.#last = { wall, events, time: simTime };
    this.#options.onLook(progress, (wall - this.#startWall) / 1000, total);
    if (this.#options.stallTimeout > 0)
      this.#pulses.forEach((pulse, node) => void this.#check(pulse, node, wall));
  }

  #check(pulse: Float64Array, node: number, wall: number): void {
    const seen = this.#seen[node] as Seen;
    const events = pulse[PULSE_EVENTS] as number;
    const windows = pulse[PULSE_WINDOWS] as number;
    const agent = pulse[PULSE_AGENT] as number;
    const goesOn = events !== seen.events || windows !== seen.windows || agent !== seen.agent;
    if (pulse[PULSE_STATE] !== STATE_RUNNING || goesOn) {
      seen.agent = agent;
      seen.events = events;
      seen.windows = windows;
      seen.since = wall;
      return;
    }
    const since = wall - seen.since;
    if (since < this.#options.stallTimeout) return;
    this.#options.onStall({ node, since, agent, time: pulse[PULSE_TIME] as number });
  }
}
