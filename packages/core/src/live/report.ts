import type { AgentId } from '../message.ts';
import { sortedResults } from '../scheduler.ts';
import { type ClusterCounters, noCounters } from './parcels.ts';
import type { LivePart } from './protocol.ts';

/** What one cluster of a live run did. */
export interface LiveClusterLoad extends Readonly<ClusterCounters> {
  readonly cluster: number;
  /** How many agents lived there when the run ended. */
  readonly agents: number;
}

/** What a live run came to. The counters are sums over all clusters, `highWater` is the greatest. */
export interface LiveReport extends Readonly<ClusterCounters> {
  /** Why it ended: its owner `ended` it, or an agent `stopped` it. */
  readonly reason: 'ended' | 'stopped';
  /** What the agent that stopped it said, and who it was. */
  readonly by?: { readonly agent: AgentId; readonly reason: string };
  /** The value that it gave. */
  readonly value?: unknown;
  /** Whether everything that was under way had been handled when agents were torn down. */
  readonly drained: boolean;
  /** Seconds from the start to the end. */
  readonly wallTime: number;
  /** Messages and commands that were still on their way, between clusters or from outside: 0 when it was drained. */
  readonly underWay: number;
  /** Agents whose calls had not settled when the time was up. */
  readonly abandoned: readonly AgentId[];
  readonly clusters: readonly LiveClusterLoad[];
  /** What agents reported: by name, by agent in order of id. */
  readonly results: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly seed: number;
}

/**
 * Sums up the clusters' parts.
 *
 * @param outside how many messages were given to them from outside
 */
export function sumUp(
  parts: readonly LivePart[],
  outside: number,
  rest: Pick<LiveReport, 'reason' | 'by' | 'value' | 'drained' | 'wallTime' | 'seed'>,
): LiveReport {
  const total = noCounters();
  for (const { counters } of parts) {
    for (const name of Object.keys(total) as (keyof ClusterCounters)[]) {
      total[name] =
        name === 'highWater' ? Math.max(total[name], counters[name]) : total[name] + counters[name];
    }
  }
  return {
    ...rest,
    ...total,
    underWay: parts.reduce((sum, { sent, received }) => sum + sent - received, outside),
    abandoned: parts.flatMap(({ abandoned }) => [...abandoned]),
    clusters: parts.map(({ counters, agents }, cluster) => ({ cluster, agents, ...counters })),
    results: sortedResults(parts.map(({ reports }) => reports)),
  };
}
