/** The seed of every run: contestants that draw from the same streams do the same events. */
export const SEED = 1;

/**
 * PHOLD, the standard synthetic load of event simulators (R. M. Fujimoto, Performance of Time Warp under Synthetic
 * Workloads, 1990), as ROSS defines it: a constant population of events. Each draws u; with probability `remote` the
 * next goes to an agent drawn from all, else to the agent itself, after `lookahead` and an exponential time, 1 s in the
 * mean together.
 */
export interface Shape {
  readonly agents: number;
  /** Events of each agent at the beginning. */
  readonly perAgent: number;
  /** Share of hops that go to an agent drawn from all. */
  readonly remote: number;
  /** Least delay. */
  readonly lookahead: number;
  /** `exponential`; or ties: all delays 1 s, or whole seconds from 1 on, 2 in the mean. */
  readonly delays: Delays;
}

export type Delays = 'exponential' | 'constant' | 'ticks';

/** What a contestant of PHOLD is to the harness. */
export interface Phold {
  /** Delivers what is due before `until`; answers how many events that were. */
  advance(until: number): number;
  /** The next word of each agent's stream, in order of id: it tells how many events the agent has had. */
  words(): Iterable<number>;
}
