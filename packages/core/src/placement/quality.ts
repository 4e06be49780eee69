import { SimulationError, show } from '../errors.ts';
import type { AgentId } from '../message.ts';
import { CLUSTERS_MAX, isClusters, type Placement, placeBy } from './placement.ts';
import { checkTraffic, type Traffic } from './traffic.ts';

/** How good a placement is for the traffic of a run. */
export interface PlacementQuality {
  /** Share of the messages that cross clusters, 0 to 1; messages to oneself are among those that do not. */
  readonly crossing: number;
  /** Largest load of a cluster over the mean: 1 is even, the number of clusters is all on one. */
  readonly balance: number;
  /** Counted deliveries to each cluster. */
  readonly loads: readonly number[];
}

/**
 * What a placement would mean for the messages that were counted.
 *
 * @throws {SimulationError} `ERR_TROUPE_PLACEMENT_INVALID` where the placement does not list an agent of the traffic,
 * `ERR_TROUPE_PLACEMENT` where a function answers no cluster, `ERR_TROUPE_TRAFFIC`, `ERR_TROUPE_AGENT_ID`,
 * `ERR_TROUPE_OPTION`
 */
export function placementQuality(traffic: Traffic, placement: Placement): PlacementQuality;
export function placementQuality(
  traffic: Traffic,
  place: (id: AgentId) => number,
  clusters: number,
): PlacementQuality;
export function placementQuality(
  traffic: Traffic,
  place: Placement | ((id: AgentId) => number),
  clusters?: number,
): PlacementQuality {
  checkTraffic(traffic);
  if (typeof place === 'function')
    return measure(traffic, clustersOf(traffic, place, checkClusters(clusters)), clusters as number);
  const listed = placeBy(place, (id) => {
    throw new SimulationError(
      'ERR_TROUPE_PLACEMENT_INVALID',
      `the placement does not list agent ${show(id)}: give placeBy(placement, otherwise) and the number of clusters`,
      { agent: id },
    );
  });
  return measure(traffic, clustersOf(traffic, listed, place.clusters), place.clusters);
}

/**
 * The clusters of a traffic's agents.
 *
 * @throws {SimulationError} `ERR_TROUPE_PLACEMENT` where the function answers no cluster
 */
export function clustersOf(
  { agents }: Traffic,
  place: (id: AgentId) => number,
  clusters: number,
): Int32Array {
  return Int32Array.from(agents, (id) => {
    const cluster = place(id);
    if (Number.isInteger(cluster) && cluster >= 0 && cluster < clusters) return cluster;
    throw new SimulationError(
      'ERR_TROUPE_PLACEMENT',
      `agent ${show(id)} is placed on cluster ${show(cluster)}: give 0 to ${clusters - 1}`,
      { agent: id, value: cluster },
    );
  });
}

/** @throws {SimulationError} `ERR_TROUPE_OPTION` */
export function checkClusters(clusters: unknown): number {
  if (isClusters(clusters)) return clusters;
  throw new SimulationError(
    'ERR_TROUPE_OPTION',
    `clusters is ${show(clusters)}: give a whole number from 1 to ${CLUSTERS_MAX}`,
    { value: clusters },
  );
}

function measure({ load, edges }: Traffic, part: Int32Array, clusters: number): PlacementQuality {
  const loads = new Array<number>(clusters).fill(0);
  let work = 0;
  part.forEach((cluster, agent) => {
    const own = load[agent] as number;
    loads[cluster] = (loads[cluster] as number) + own;
    work += own;
  });
  let messages = 0;
  let crossing = 0;
  edges.count.forEach((count, edge) => {
    messages += count;
    if (part[edges.from[edge] as number] !== part[edges.to[edge] as number]) crossing += count;
  });
  const largest = loads.reduce((most, own) => Math.max(most, own), 0);
  return {
    crossing: messages === 0 ? 0 : crossing / messages,
    balance: work === 0 ? 1 : (largest * clusters) / work,
    loads,
  };
}
