import type { AgentId } from './message.ts';
import type { Moves } from './migration.ts';
import type { TrafficTold } from './node/protocol.ts';
import type { Placement } from './placement/placement.ts';
import type { PlacementQuality } from './placement/quality.ts';

/** That agents were moved while a run went on, or that it was found not to be worth it. */
export interface Rebalance {
  /** Simulated time, in seconds. */
  readonly simTime: number;
  /** How many agents changed their cluster; 0 where nothing better was found. */
  readonly moved: number;
  /** Share of the counted messages that crossed, and that would have crossed. */
  readonly crossing: { readonly before: number; readonly after: number };
  /** Largest load of a cluster over the mean, as counted. */
  readonly balance: { readonly before: number; readonly after: number };
}

/** Counted messages, in all and per agent, below which a look would find chance where it looks for habits. */
const LEAST_COUNTED = 5_000;
const COUNTED_PER_AGENT = 4;
/** Seconds of running before the first look, and by how much longer each later stretch is than all before it. */
const FIRST_LOOK = 0.25;
const STRETCH = 3;
/** A division is better when it saves this share of the crossings, and this share of all messages, ... */
const LESS_CROSSING = 0.8;
const SAVED = 0.02;
/** ... or evens out this much of the load. */
const UNEVEN = 1.15;
const MORE_EVEN = 0.95;

/**
 * When to look whether agents are well placed, and whether a division that was found is worth the move. Pure: time on
 * the wall is handed in.
 */
export class RebalancePolicy {
  #nextLook = FIRST_LOOK;

  /** @param seconds that the simulation has run for on the wall; messages counted so far; agents there are, about */
  wantsLook(seconds: number, counted: number, agents: number): boolean {
    return seconds >= this.#nextLook && counted >= LEAST_COUNTED && counted >= COUNTED_PER_AGENT * agents;
  }

  /** A look was taken: the next comes when the run has gone on for several times as long. */
  looked(seconds: number): void {
    this.#nextLook = seconds * (1 + STRETCH);
  }

  isWorth(before: PlacementQuality, after: PlacementQuality): boolean {
    const saves =
      after.crossing < before.crossing * LESS_CROSSING && before.crossing - after.crossing > SAVED;
    const evens = before.balance > UNEVEN && after.balance < before.balance * MORE_EVEN;
    // Not at the price of the other.
    if (saves) return after.balance < Math.max(before.balance, UNEVEN) * 1.05;
    return evens && after.crossing <= before.crossing + SAVED;
  }
}

/** Who is to move where by what the clusters counted, and what it is good for. */
export async function findMoves(
  told: readonly TrafficTold[],
  clusters: number,
  policy: RebalancePolicy,
): Promise<Pick<Rebalance, 'crossing' | 'balance'> & { readonly moves: Moves }> {
  // Loaded only by those who use it: it brings a library for graphs.
  const { mergeTraffic, partition, placementQuality } = await import('./placement/index.ts');
  const traffic = mergeTraffic(told.map(({ part }) => part));
  const home = new Map<AgentId, number>();
  for (const { part, homes } of told) {
    part.agents.forEach((id, at) => void home.set(id, homes[at] as number));
  }
  const homeOf = (id: AgentId): number => home.get(id) as number;
  const placement = partition(traffic, { clusters, near: homeOf });
  const before = placementQuality(traffic, homeOf, clusters);
  const found = placementQuality(traffic, placement);
  const isWorth = policy.isWorth(before, found);
  const after = isWorth ? found : before;
  return {
    moves: isWorth ? movesOf(placement, homeOf) : { agents: [], clusters: [] },
    crossing: { before: before.crossing, after: after.crossing },
    balance: { before: before.balance, after: after.balance },
  };
}

/** Those whose place is another than before. */
function movesOf({ agents, cluster }: Placement, homeOf: (id: AgentId) => number): Moves {
  const moving: AgentId[] = [];
  const clusters: number[] = [];
  agents.forEach((id, at) => {
    const to = cluster[at] as number;
    if (homeOf(id) === to) return;
    moving.push(id);
    clusters.push(to);
  });
  return { agents: moving, clusters };
}
