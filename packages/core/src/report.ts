import type { AgentId } from './message.ts';
import type { Counters } from './observer.ts';
import type { Rebalance } from './rebalance.ts';

/**
 * Why a run ended: `until` the time was reached; an agent `stopped` it; nothing was left to do (`idle`); the owner
 * `aborted` it; the limit on events was reached (`maxEvents`); or it is only interrupted (`paused`).
 */
export type EndReason = 'until' | 'stopped' | 'idle' | 'aborted' | 'maxEvents' | 'paused';

/** What one cluster did. */
export interface ClusterLoad {
  readonly cluster: number;
  readonly agents: number;
  readonly events: number;
  /** Messages sent within it, and to other clusters. */
  readonly local: number;
  readonly remote: number;
  /** Seconds of wall time that it spent running agents. */
  readonly busy: number;
}

/** What a run came to. */
export interface Report {
  readonly reason: EndReason;
  /** What the agent that stopped or paused the run said, and who it was. */
  readonly by?: { readonly agent: AgentId; readonly reason: string };
  /** The value that it gave. */
  readonly value?: unknown;
  /** Simulated time at the end, in seconds. */
  readonly simTime: number;
  /** Seconds of wall time from the first event to the last. */
  readonly wallTime: number;
  /** Simulated seconds per second of wall time. */
  readonly ratio: number;
  /** Messages delivered. */
  readonly events: number;
  /** Messages sent within clusters, and between them. */
  readonly local: number;
  readonly remote: number;
  /** Messages that reached nobody. */
  readonly deadLetters: number;
  /** Agents that threw and were removed, restarted or let go on. */
  readonly failures: number;
  /** Windows that the clusters ran through: rounds, where the model has no lookahead. */
  readonly barriers: number;
  readonly clusters: readonly ClusterLoad[];
  /** What agents reported: by name, by agent in order of id. */
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** 16 hexadecimal digits, equal for equal runs; empty when it was off. */
  readonly digest: string;
  readonly counters?: Counters;
  /** With `rebalance: 'auto'`: the looks that were taken at where agents live, and what came of them. */
  readonly rebalances?: readonly Rebalance[];
  readonly seed: number;
}
