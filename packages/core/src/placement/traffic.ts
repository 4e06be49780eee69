import { SimulationError, show } from '../errors.ts';
import { checkId, compareIds } from '../ids.ts';
import type { AgentId } from '../message.ts';

/** Messages that were counted between agents: parallel arrays, one entry for each sender and receiver. */
export interface TrafficEdges {
  /** The sender, as an index into `agents`. */
  readonly from: Int32Array;
  /** The receiver, as an index into `agents`. */
  readonly to: Int32Array;
  /** How many messages were counted: whole numbers. */
  readonly count: Float64Array;
}

/** What one cluster counted. Agents and edges are in any order, and may be there more than once. */
export interface TrafficPart {
  /** One in so many messages was counted, so that a count times this estimates how many there were. */
  readonly sample: number;
  readonly agents: readonly AgentId[];
  /** Counted deliveries to each agent, parallel to `agents`: whole numbers. */
  readonly load: Float64Array;
  readonly edges: TrafficEdges;
}

/** Who talked to whom in a run, as far as it was counted. See `mergeTraffic`. */
export interface Traffic extends TrafficPart {
  /** The agents that sent or received, in order of id. */
  readonly agents: readonly AgentId[];
  /** In order of sender, then receiver; each pair once. An agent may have sent to itself. */
  readonly edges: TrafficEdges;
}

/** @throws {SimulationError} `ERR_TROUPE_TRAFFIC`, `ERR_TROUPE_AGENT_ID` for what no recorder counts */
export function checkPart(part: TrafficPart): void {
  if (typeof part !== 'object' || part === null) throw invalidTraffic(`it is ${show(part)}`, part);
  const { sample, agents, load, edges } = part;
  if (!(Number.isSafeInteger(sample) && sample >= 1)) {
    throw invalidTraffic(`its sample is ${show(sample)}: give a whole number, 1 or more`, sample);
  }
  if (!Array.isArray(agents)) throw invalidTraffic(`its agents are ${show(agents)}: give an array`, agents);
  for (const id of agents) checkId(id);
  if (!(load instanceof Float64Array && load.length === agents.length)) {
    throw invalidTraffic('its load is not a Float64Array with an entry for each agent', load);
  }
  if (
    !(edges?.from instanceof Int32Array && edges.to instanceof Int32Array) ||
    !(edges.count instanceof Float64Array) ||
    edges.from.length !== edges.count.length ||
    edges.to.length !== edges.count.length
  ) {
    throw invalidTraffic(
      'its edges are not from, to (Int32Array) and count (Float64Array) of one length',
      edges,
    );
  }
  for (const ends of [edges.from, edges.to]) {
    for (const index of ends) {
      if (!(index >= 0 && index < agents.length)) {
        throw invalidTraffic(`an edge names agent number ${index} of ${agents.length}`, index);
      }
    }
  }
  for (const counts of [load, edges.count]) {
    let total = 0;
    for (const count of counts) {
      if (!(Number.isSafeInteger(count) && count >= 0)) {
        throw invalidTraffic(`it counts ${show(count)}: counts are whole numbers, 0 or more`, count);
      }
      total += count;
    }
    if (!Number.isSafeInteger(total * sample)) throw invalidTraffic('it counts beyond 2^53', total);
  }
}

/** @throws {SimulationError} `ERR_TROUPE_TRAFFIC`, `ERR_TROUPE_AGENT_ID` for what no recorder counts or is not in order */
export function checkTraffic(traffic: Traffic): void {
  checkPart(traffic);
  const { agents, edges } = traffic;
  for (let index = 1; index < agents.length; index += 1) {
    if (compareIds(agents[index - 1] as AgentId, agents[index] as AgentId) >= 0) {
      throw invalidTraffic(
        `agent ${show(agents[index])} is out of order: merge parts with mergeTraffic`,
        agents,
      );
    }
  }
  const { from, to } = edges;
  for (let edge = 1; edge < from.length; edge += 1) {
    const step = (from[edge] as number) - (from[edge - 1] as number);
    if (step < 0 || (step === 0 && (to[edge] as number) <= (to[edge - 1] as number))) {
      throw invalidTraffic(`edge number ${edge} is out of order: merge parts with mergeTraffic`, edge);
    }
  }
}

export function invalidTraffic(what: string, value: unknown): SimulationError {
  return new SimulationError('ERR_TROUPE_TRAFFIC', `this traffic cannot be used: ${what}`, { value });
}
