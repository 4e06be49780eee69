import { SimulationError, show } from '../errors.ts';
import { checkId, compareIds } from '../ids.ts';
import type { AgentId } from '../message.ts';

/** Most clusters that a placement may have. */
export const CLUSTERS_MAX = 4096;

/** Where agents live. Agents that are not listed are placed as they would be without it. */
export interface Placement {
  /** 1 to 4096. */
  readonly clusters: number;
  /** In order of id (`compareIds`), each once. */
  readonly agents: readonly AgentId[];
  /** The cluster of each, 0 to clusters - 1, parallel to `agents`. */
  readonly cluster: Int32Array;
}

/**
 * A placement as a function of the id: by binary search, without memory of its own.
 *
 * @param otherwise the cluster of agents that the placement does not list
 * @throws {SimulationError} `ERR_TROUPE_PLACEMENT_INVALID`, `ERR_TROUPE_AGENT_ID`
 */
export function placeBy(placement: Placement, otherwise: (id: AgentId) => number): (id: AgentId) => number {
  checkPlacement(placement);
  const { agents, cluster } = placement;
  return (id) => {
    let low = 0;
    let high = agents.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareIds(agents[middle] as AgentId, id);
      if (order === 0) return cluster[middle] as number;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return otherwise(id);
  };
}

/** @throws {SimulationError} `ERR_TROUPE_PLACEMENT_INVALID`, `ERR_TROUPE_AGENT_ID` */
export function checkPlacement(placement: Placement): void {
  if (typeof placement !== 'object' || placement === null) {
    throw invalidPlacement(`it is ${show(placement)}`, placement);
  }
  const { clusters, agents, cluster } = placement;
  if (!isClusters(clusters)) throw invalidPlacement(`it is for ${show(clusters)} clusters`, clusters);
  if (!Array.isArray(agents) || !(cluster instanceof Int32Array) || agents.length !== cluster.length) {
    throw invalidPlacement('it has no arrays agents and cluster (Int32Array) of one length', placement);
  }
  for (let index = 0; index < agents.length; index += 1) {
    checkId(agents[index]);
    if (index > 0 && compareIds(agents[index - 1] as AgentId, agents[index] as AgentId) >= 0) {
      throw invalidPlacement(`agent ${show(agents[index])} is out of order or there twice`, agents[index]);
    }
    const own = cluster[index] as number;
    if (!(own >= 0 && own < clusters)) {
      throw invalidPlacement(`agent ${show(agents[index])} is on cluster ${own} of ${clusters}`, own);
    }
  }
}

/** Whether there can be so many clusters. */
export function isClusters(clusters: unknown): clusters is number {
  return Number.isInteger(clusters) && (clusters as number) >= 1 && (clusters as number) <= CLUSTERS_MAX;
}

export function invalidPlacement(what: string, value: unknown, cause?: unknown): SimulationError {
  return new SimulationError(
    'ERR_TROUPE_PLACEMENT_INVALID',
    `this placement cannot be used: ${what}; make one with partition`,
    cause === undefined ? { value } : { value, cause },
  );
}
