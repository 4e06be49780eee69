import { show } from '../errors.ts';
import type { AgentId } from '../message.ts';
import { checkPart, invalidTraffic, type Traffic, type TrafficEdges, type TrafficPart } from './traffic.ts';

/**
 * One picture of what clusters counted, or of several runs: counts of a pair are added, whichever parts they are in, and
 * it does not matter in which order. Where parts were sampled differently, the result has their greatest common divisor
 * for `sample`, and counts are multiplied to fit.
 *
 * @throws {SimulationError} `ERR_TROUPE_TRAFFIC`, `ERR_TROUPE_AGENT_ID`
 */
export function mergeTraffic(parts: readonly TrafficPart[]): Traffic {
  if (!Array.isArray(parts as unknown))
    throw invalidTraffic(`its parts are ${show(parts)}: give an array`, parts);
  for (const part of parts) checkPart(part);
  const sample = parts.map((part) => part.sample).reduce(greatestDivisor, 0) || 1;
  const agents = sortedIds(parts);
  const numbers = new Map<AgentId, number>();
  for (const id of agents) numbers.set(id, numbers.size);

  const load = new Float64Array(agents.length);
  const size = parts.reduce((sum, { edges }) => sum + edges.count.length, 0);
  const all = { from: new Int32Array(size), to: new Int32Array(size), count: new Float64Array(size) };
  let edge = 0;
  for (const part of parts) {
    const scale = part.sample / sample;
    const own = Int32Array.from(part.agents, (id) => numbers.get(id) as number);
    own.forEach((number, index) => {
      load[number] = (load[number] as number) + (part.load[index] as number) * scale;
    });
    const { from, to, count } = part.edges;
    for (let index = 0; index < count.length; index += 1, edge += 1) {
      all.from[edge] = own[from[index] as number] as number;
      all.to[edge] = own[to[index] as number] as number;
      all.count[edge] = (count[index] as number) * scale;
    }
  }
  const inOrder = sortedBy(sortedBy(all, 'to', agents.length), 'from', agents.length);
  return { sample, agents, load, edges: withoutRepeats(inOrder) };
}

/** The greatest common divisor, by Euclid. */
function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The ids of all parts, each once, in the order of `compareIds`. */
function sortedIds(parts: readonly TrafficPart[]): AgentId[] {
  const numbers = new Set<number>();
  const texts = new Set<string>();
  for (const { agents } of parts) {
    for (const id of agents) {
      if (typeof id === 'number') numbers.add(id);
      else texts.add(id);
    }
  }
  // The default order of texts is by code unit, as that of ids.
  return [...Float64Array.from(numbers).sort(), ...[...texts].sort()];
}

/** A stable counting sort by sender or receiver. */
function sortedBy(edges: TrafficEdges, end: 'from' | 'to', agents: number): TrafficEdges {
  const keys = edges[end];
  const size = keys.length;
  const next = new Int32Array(agents + 1);
  for (const key of keys) next[key + 1] = (next[key + 1] as number) + 1;
  for (let key = 0; key < agents; key += 1) next[key + 1] = (next[key + 1] as number) + (next[key] as number);
  const sorted = { from: new Int32Array(size), to: new Int32Array(size), count: new Float64Array(size) };
  for (let edge = 0; edge < size; edge += 1) {
    const key = keys[edge] as number;
    const place = next[key] as number;
    next[key] = place + 1;
    sorted.from[place] = edges.from[edge] as number;
    sorted.to[place] = edges.to[edge] as number;
    sorted.count[place] = edges.count[edge] as number;
  }
  return sorted;
}

/** Sorted edges, with those of one pair made into one, and without those that count nothing. */
function withoutRepeats({ from, to, count }: TrafficEdges): TrafficEdges {
  let last = -1;
  for (let edge = 0; edge < count.length; edge += 1) {
    const times = count[edge] as number;
    if (times === 0) continue;
    if (last >= 0 && from[last] === from[edge] && to[last] === to[edge]) {
      count[last] = (count[last] as number) + times;
      continue;
    }
    last += 1;
    from[last] = from[edge] as number;
    to[last] = to[edge] as number;
    count[last] = times;
  }
  const end = last + 1;
  return { from: from.slice(0, end), to: to.slice(0, end), count: count.slice(0, end) };
}
