import type { Graph } from './graph.ts';
import { VertexHeap } from './vertex-heap.ts';

/**
 * Gives each vertex that has no part yet (-1) one, in the given order: the one that it shares most messages with, times
 * the share of room that the part has left, among those with room for it; and where no part has room, that with the
 * least load.
 *
 * Source: linear deterministic greedy of I. Stanton and G. Kliot, Streaming graph partitioning for large distributed
 * graphs (2012).
 *
 * @param limit most load of a part
 */
export function pack(graph: Graph, part: Int32Array, parts: number, limit: number, order: Int32Array): void {
  const { start, target, weight, load } = graph;
  const loads = new Float64Array(parts);
  const shared = new Float64Array(parts);
  part.forEach((own, vertex) => {
    if (own >= 0) loads[own] = (loads[own] as number) + (load[vertex] as number);
  });
  for (const vertex of order) {
    if ((part[vertex] as number) >= 0) continue;
    shared.fill(0);
    for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
      const own = part[target[edge] as number] as number;
      if (own >= 0) shared[own] = (shared[own] as number) + (weight[edge] as number);
    }
    const heft = load[vertex] as number;
    let best = -1;
    let most = -1;
    let least = 0;
    for (let own = 0; own < parts; own += 1) {
      const full = loads[own] as number;
      if (full < (loads[least] as number)) least = own;
      if (full + heft > limit) continue;
      const score = (shared[own] as number) * (limit - full);
      if (score > most || (score === most && full < (loads[best] as number))) {
        best = own;
        most = score;
      }
    }
    if (best < 0) best = least;
    part[vertex] = best;
    loads[best] = (loads[best] as number) + heft;
  }
}

/** The vertices by load, the heaviest first, equals in order of their number. */
export function heaviestFirst({ size, load }: Graph): Int32Array {
  return Int32Array.from({ length: size }, (_, vertex) => vertex).sort(
    (a, b) => (load[b] as number) - (load[a] as number) || a - b,
  );
}

/**
 * Parts of even load, whatever is said between them: each vertex, the heaviest first, goes to the part with the least.
 * The largest load is at most 4/3 of the least that can be had.
 *
 * Source: longest processing time first of R. L. Graham, Bounds on multiprocessing timing anomalies (1969).
 */
export function evenParts(graph: Graph, parts: number): Int32Array {
  const part = new Int32Array(graph.size);
  const loads = new Float64Array(parts);
  const lightest = new VertexHeap(parts);
  for (let own = 0; own < parts; own += 1) lightest.put(own, 0);
  for (const vertex of heaviestFirst(graph)) {
    const own = lightest.first;
    part[vertex] = own;
    loads[own] = (loads[own] as number) + (graph.load[vertex] as number);
    lightest.put(own, -(loads[own] as number));
  }
  return part;
}
