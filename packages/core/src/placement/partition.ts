import { SimulationError, show } from '../errors.ts';
import { type KnownOptions, refuseUnknown } from '../known-options.ts';
import type { AgentId } from '../message.ts';
import { Random } from '../random.ts';
import { graphOf, loadsOf } from './graph.ts';
import { better, improve, multilevel } from './multilevel.ts';
import { evenParts, heaviestFirst, pack } from './packing.ts';
import { type Placement, placeBy } from './placement.ts';
import { checkClusters, clustersOf } from './quality.ts';
import { renumber } from './renumber.ts';
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
   * tenth more messages between clusters, this placement is improved instead of making another. Default: nowhere.
   */
  readonly near?: Placement | ((id: AgentId) => number);
}

const OPTIONS: KnownOptions<PartitionOptions> = { clusters: true, imbalance: true, seed: true, near: true };

/** A placement near the present one may leave so many times the messages between clusters. */
const NEAR_WORTH = 1.1;

/**
 * Divides agents into clusters such that few messages cross, and that no cluster has more load than `imbalance` times
 * the mean. The same traffic, options and seed give the same placement on every machine.
 *
 * Where agents are so heavy that no such placement is found, the largest load is at most that which results from giving
 * each agent, the heaviest first, to the cluster with the least: at most 4/3 of what is possible. No more messages cross
 * than with agents dealt out in turn, unless those clusters have more load than this.
 *
 * @throws {SimulationError} `ERR_TROUPE_OPTION`, `ERR_TROUPE_TRAFFIC`; for `near`, what `placementQuality` throws
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
  if (before !== undefined) {
    const start = before.slice();

    const nearby = improve(graph, start, clusters, limit);
    if (nearby.excess <= best.excess && nearby.cut <= best.cut * NEAR_WORTH) best = nearby;
    else renumber(graph, best.part, clusters, before);
  }
  return { clusters, agents: traffic.agents, cluster: best.part };
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
  refuseUnknown(options, OPTIONS, 'partition');
  const { imbalance = 1.05, seed = 1 } = options;
  if (!(imbalance >= 1 && imbalance < Number.POSITIVE_INFINITY)) {
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
