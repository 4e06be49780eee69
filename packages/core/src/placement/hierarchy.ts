import type { Random } from '../random.ts';
import { communitiesOf } from './communities.ts';
import { contract, type Graph } from './graph.ts';
import { propagateLabels } from './label-propagation.ts';

/**
 * Most vertices and edges, together, of a graph in which communities are looked for: about 0.5 s. Ten times as many took
 * ten times as long, and left 4 % fewer messages between clusters at the most.
 */
const COMMUNITIES_MAX = 100_000;

/** A group may have so many times the mean load of the vertices that it is made of. */
const GROWTH = 16;

/** The largest group has so many times less load than a cluster should have: packing needs small pieces. */
const PIECES = 8;

/**
 * No smaller graph is made: so many vertices, or so many for each cluster. With fewer, graphs of hubs that talk to each
 * other (airports) were cut 10 % worse.
 */
const VERTICES_MIN = 500;
const VERTICES_PER_CLUSTER = 10;

/** A step that leaves more than this share of the vertices is not worth a level. */
const SHRINK = 0.95;

/** A graph, and which vertex of the next smaller graph each of its vertices belongs to. */
interface Level {
  readonly graph: Graph;
  readonly map: Int32Array;
}

/** Ever smaller pictures of a graph. */
export interface Hierarchy {
  readonly levels: readonly Level[];
  /** The smallest. */
  readonly top: Graph;
}

/**
 * Makes a graph smaller step by step, so that what belongs together becomes one vertex. As long as it is large, groups
 * of neighbours are made one; then communities are found, and groups are made within these only. A community with too
 * much load for one piece of a cluster stays several vertices.
 *
 * Source: communities that confine coarsening are of T. Heuer and S. Schlag, Improving coarsening schemes for hypergraph
 * partitioning by exploiting community structure (2017).
 */
export function coarsen(graph: Graph, clusters: number, random: Random): Hierarchy {
  const levels: Level[] = [];
  let top = graph;
  const work = graph.load.reduce((sum, own) => sum + own, 0);
  const least = Math.max(VERTICES_MIN, VERTICES_PER_CLUSTER * clusters);
  /** Makes one level; answers whether there was something to gain. */
  const step = (within?: Int32Array): Int32Array | undefined => {
    if (top.size <= least) return undefined;
    const limit = Math.min(work / (clusters * PIECES), (GROWTH * work) / top.size);
    const { map, size } = propagateLabels(top, limit, random, within);
    if (size > top.size * SHRINK) return undefined;
    levels.push({ graph: top, map });
    top = contract(top, map, size);
    return map;
  };

  const isLarge = (): boolean => top.size + top.target.length / 2 > COMMUNITIES_MAX;
  while (isLarge() && step() !== undefined);
  if (isLarge() || top.size <= least) return { levels, top };
  let community = communitiesOf(top, random);
  for (let map = step(community); map !== undefined; map = step(community)) {
    const coarse = new Int32Array(top.size);
    for (let vertex = 0; vertex < map.length; vertex += 1) {
      coarse[map[vertex] as number] = community[vertex] as number;
    }
    community = coarse;
  }
  return { levels, top };
}
