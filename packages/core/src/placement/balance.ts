import type { Connections } from './connections.ts';
import type { Graph } from './graph.ts';

/** A partition while it is being improved. */
export interface Draft {
  readonly graph: Graph;
  /** The part of each vertex. */
  readonly part: Int32Array;
  /** The load of each part. */
  readonly loads: Float64Array;
  readonly connections: Connections;
  /** Most load of a part, where that can be had. */
  readonly limit: number;
}

/** Moves a vertex to another part. */
export function move({ graph, part, loads, connections }: Draft, vertex: number, to: number): void {
  const { start, target, weight, load } = graph;
  const from = part[vertex] as number;
  const heft = load[vertex] as number;
  loads[from] = (loads[from] as number) - heft;
  loads[to] = (loads[to] as number) + heft;
  part[vertex] = to;
  for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
    connections.shift(target[edge] as number, from, to, weight[edge] as number);
  }
}

/**
 * Moves vertices out of parts over the limit: those first that cost the fewest messages for their load, to the part with
 * room that they share most messages with; where there is none, to the part with the least load, if that has less then
 * than the part that it left. Afterwards no part has more than the limit, or else the mean plus the heaviest vertex.
 */
export function balance(draft: Draft): void {
  const { graph, part, loads, connections, limit } = draft;
  const { load } = graph;
  for (let over = 0; over < loads.length; over += 1) {
    if ((loads[over] as number) <= limit) continue;
    const candidates: number[] = [];
    for (let vertex = 0; vertex < graph.size; vertex += 1) {
      if (part[vertex] === over && (load[vertex] as number) > 0) candidates.push(vertex);
    }
    const price = new Map(
      candidates.map((vertex) => {
        const kept = connections.to(vertex, over);
        const gained = connections.to(vertex, bestPart(draft, vertex));
        return [vertex, (kept - gained) / (load[vertex] as number)];
      }),
    );
    candidates.sort((a, b) => (price.get(a) as number) - (price.get(b) as number) || a - b);
    for (const vertex of candidates) {
      const left = loads[over] as number;
      if (left <= limit) break;
      const to = bestPart(draft, vertex);
      if ((loads[to] as number) + (load[vertex] as number) < left) move(draft, vertex, to);
    }
  }
}

/** The part with room for a vertex that it shares most messages with; without messages or room, the least loaded. */
function bestPart({ graph, part, loads, connections, limit }: Draft, vertex: number): number {
  const own = part[vertex] as number;
  const heft = graph.load[vertex] as number;
  let best = -1;
  let most = 0;
  const begin = connections.at[vertex] as number;
  const end = begin + (connections.count[vertex] as number);
  for (let index = begin; index < end; index += 1) {
    const other = connections.part[index] as number;
    const shared = connections.weight[index] as number;
    if (other === own || shared < most || (loads[other] as number) + heft > limit) continue;
    if (best >= 0 && shared === most && (loads[other] as number) >= (loads[best] as number)) continue;
    best = other;
    most = shared;
  }
  if (best >= 0) return best;
  let least = own === 0 ? 1 : 0;
  for (let other = least + 1; other < loads.length; other += 1) {
    if (other !== own && (loads[other] as number) < (loads[least] as number)) least = other;
  }
  return least;
}
