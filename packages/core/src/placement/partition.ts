import { SimulationError, show } from '../errors.ts';
import { compareIds } from '../ids.ts';
import { type KnownOptions, refuseUnknown } from '../known-options.ts';
import type { AgentId } from '../message.ts';
import { Random } from '../random.ts';
import { graphOf, loadsOf } from './graph.ts';
import { better, improve, multilevel } from './multilevel.ts';
import { evenParts, heaviestFirst, pack } from './packing.ts';
import { type Placement, placeBy } from './placement.ts';
import { checkClusters, clustersOf } from './quality.ts';
import { numberInOrder, renumber } from './renumber.ts';
import { checkTraffic, type Traffic } from './traffic.ts';

export interface PartitionOptions {
  /** How many clusters, 1 to 4096. */
  readonly clusters: number;
  /** Largest load of a cluster over the mean, where that can be had: 1 or more. Default 1.05. */
  readonly imbalance?: number;
  /** Decides between what looks alike. Default 1. */
  readonly seed?: number;
  /**
   * Where the agents are now. Clusters are then numbered so that few agents move, and as long as that leaves at most a
   * tenth more messages between clusters, this placement is improved instead of making another. Agents that it lists and
   * the traffic does not stay where they are. Default: nowhere.
   */
  readonly near?: Placement | ((id: AgentId) => number);
}

const OPTIONS: KnownOptions<PartitionOptions> = { clusters: true, imbalance: true, seed: true, near: true };

/** A placement near the present one may leave so many times the messages between clusters. */
const NEAR_WORTH = 1.1;

/**
 * Divides agents into clusters such that few messages cross, and that no cluster has more load than `imbalance` times
 * the mean. Clusters are numbered in the order of their first agents, unless they are to be near another placement. The
 * same traffic, options and seed give the same placement on every machine.
 *
 * Where agents are so heavy that no such placement is found, the largest load is at most that which results from giving
 * each agent, the heaviest first, to the cluster with the least: at most 4/3 of what is possible. No more messages cross
 * than with agents dealt out in turn, unless those clusters have more load than this.
 *
 * @throws {SimulationError} `ERR_TROUPE_OPTION`, `ERR_TROUPE_TRAFFIC`, `ERR_TROUPE_AGENT_ID`; for `near` also
 * `ERR_TROUPE_PLACEMENT_INVALID`, or `ERR_TROUPE_PLACEMENT` where it is a function that answers no cluster
 */
export function partition(traffic: Traffic, options: PartitionOptions): Placement {
  const { clusters, imbalance, seed, near } = checkOptions(options);
  checkTraffic(traffic);
  const before = near === undefined ? undefined : presentOf(traffic, near, clusters);
  const graph = graphOf(traffic);
  const work = graph.load.reduce((sum, load) => sum + load, 0);
  let limit = (work / clusters) * imbalance;
  let best = multilevel(graph, clusters, limit, Random.of(seed, 'placement'));
  if (best.excess > 0) {
    // So much load for a cluster is possible.
    const even = evenParts(graph, clusters);
    limit = Math.max(limit, ...loadsOf(graph, even, clusters));
    best = multilevel(graph, clusters, limit, Random.of(seed, 'placement'));
    best = better(best, improve(graph, even, clusters, limit));
  }
  if (before === undefined) {
    numberInOrder(best.part, clusters);
  } else {
    const start = before.slice();
    pack(graph, start, clusters, limit, heaviestFirst(graph));
    const nearby = improve(graph, start, clusters, limit);
    if (nearby.excess <= best.excess && nearby.cut <= best.cut * NEAR_WORTH) best = nearby;
    else renumber(graph, best.part, clusters, before);
  }
  const placement: Placement = { clusters, agents: traffic.agents, cluster: best.part };
  return typeof near === 'object' ? withOthers(placement, near) : placement;
}

/** A placement, and the agents that only the other one lists. */
function withOthers(placement: Placement, other: Placement): Placement {
  const known = placeBy(placement, () => -1);
  const homes = placement.agents.map((id, index) => [id, placement.cluster[index] as number] as const);
  other.agents.forEach((id, index) => {
    if (known(id) === -1) homes.push([id, other.cluster[index] as number]);
  });
  if (homes.length === placement.agents.length) return placement;
  homes.sort(([a], [b]) => compareIds(a, b));
  return {
    clusters: placement.clusters,
    agents: homes.map(([id]) => id),
    cluster: Int32Array.from(homes, ([, home]) => home),
  };
}

/** Where agents are now; -1 for those that a placement does not list. */
function presentOf(
  traffic: Traffic,
  near: Placement | ((id: AgentId) => number),
  clusters: number,
): Int32Array {
  if (typeof near === 'function') return clustersOf(traffic, near, clusters);
  const place = placeBy(near, () => -1);
  if (near.clusters !== clusters) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `near has ${near.clusters} clusters: give a placement on ${clusters}`,
      { value: near.clusters },
    );
  }
  return Int32Array.from(traffic.agents, place);
}

function checkOptions(
  options: PartitionOptions,
): Required<Omit<PartitionOptions, 'near'>> & PartitionOptions {
  if (typeof options !== 'object' || options === null) {
    throw new SimulationError('ERR_TROUPE_OPTION', `the options are ${show(options)}: give { clusters }`, {
      value: options,
    });
  }
  refuseUnknown(options, OPTIONS, 'partition');
  const { imbalance = 1.05, seed = 1 } = options;
  if (!(Number.isFinite(imbalance) && imbalance >= 1)) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `imbalance is ${show(imbalance)}: give a finite number, 1 or more`,
      { value: imbalance },
    );
  }
  if (!Number.isFinite(seed)) {
    throw new SimulationError('ERR_TROUPE_OPTION', `seed is ${show(seed)}: give a finite number`, {
      value: seed,
    });
  }
  return { ...options, clusters: checkClusters(options.clusters), imbalance, seed };
}
