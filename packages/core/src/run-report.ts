import { RunDigest } from './digest.ts';
import { keyedById } from './ids.ts';
import type { AgentId } from './message.ts';
import type { NodeData, RunPart } from './node/protocol.ts';
import type { Counters, NodeCounters } from './observer.ts';
import type { Rebalance } from './rebalance.ts';
import type { ClusterLoad, EndReason, Report } from './report.ts';
import { sortedResults } from './scheduler.ts';

/**
 * The report of a run.
 *
 * @param stretches what the clusters did, from each interruption to the next
 * @param simTime simulated time at the end
 */
export function reportOf(
  stretches: readonly RunPart[][],
  simTime: number,
  data: NodeData,
  rebalances: readonly Rebalance[] | undefined,
): Report {
  const last = stretches.at(-1) as RunPart[];
  const first = (stretches[0] as RunPart[])[0] as RunPart;
  const end = last[0] as RunPart;
  const sum = (pick: (part: RunPart) => number): number =>
    stretches.reduce((total, parts) => total + parts.reduce((inner, part) => inner + pick(part), 0), 0);
  const wallTime = stretches.reduce(
    (total, parts) => total + Math.max(...parts.map((part) => part.wallTime)),
    0,
  );
  const digest = new RunDigest();
  for (const part of last) digest.merge(part.digest);
  const clusters: ClusterLoad[] = last.map((part, cluster) => {
    const own = (pick: (part: RunPart) => number): number =>
      stretches.reduce((total, parts) => total + pick(parts[cluster] as RunPart), 0);
    return {
      cluster,
      agents: part.agents,
      events: own((stretch) => stretch.events),
      local: own((stretch) => stretch.local),
      remote: own((stretch) => stretch.remote),
      busy: own((stretch) => stretch.busy),
    };
  });
  const counters = mergeCounters(last);
  return {
    reason: end.reason as EndReason,
    ...(end.by === undefined ? {} : { by: end.by, value: end.value }),
    simTime: simTime,
    wallTime,
    ratio: (simTime - first.startTime) / wallTime,
    events: sum((part) => part.events),
    local: sum((part) => part.local),
    remote: sum((part) => part.remote),
    deadLetters: sum((part) => part.deadLetters),
    failures: sum((part) => part.failures),
    barriers: stretches.reduce((total, parts) => total + (parts[0] as RunPart).barriers, 0),
    clusters,
    results: sortedResults(last.map((part) => part.reports)),
    digest: data.digest ? digest.toString() : '',
    ...(counters === undefined ? {} : { counters }),
    ...(rebalances === undefined ? {} : { rebalances }),
    seed: data.seed,
  };
}

function mergeCounters(parts: readonly RunPart[]): Counters | undefined {
  if (parts.some((part) => part.counters === undefined)) return undefined;
  const byTopic = new Map<string, number>();
  const byAgent: [AgentId, number][] = [];
  for (const { counters } of parts) {
    for (const [topic, count] of Object.entries((counters as NodeCounters).byTopic)) {
      byTopic.set(topic, (byTopic.get(topic) ?? 0) + count);
    }
    for (const [id, count] of (counters as NodeCounters).byAgent) byAgent.push([id, count]);
  }
  return {
    byTopic: Object.fromEntries([...byTopic].sort(([a], [b]) => (a < b ? -1 : 1))),
    byAgent: keyedById(byAgent),
  };
}
