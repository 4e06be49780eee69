import type { Random } from '../random.ts';
import type { Graph } from './graph.ts';

const ROUNDS = 3;

/** Vertices with more neighbours than this are visited last, in any order. */
const DEGREE_MAX = 64;

/** Which vertices belong together: `map` has numbers from 0 to `size` - 1. */
export interface Clustering {
  readonly map: Int32Array;
  readonly size: number;
}

/**
 * Gathers vertices around those that they share most messages with: each in turn, those with few neighbours first, goes
 * over to the group that it is connected to most, as long as the group's load stays within `limit`.
 *
 * Source: H. Meyerhenke, P. Sanders, C. Schulz, Partitioning complex networks via size-constrained clustering (2014).
 *
 * @param within numbers of vertices: groups are made only of vertices with the same one
 */
export function propagateLabels(
  graph: Graph,
  limit: number,
  random: Random,
  within: Int32Array | undefined,
): Clustering {
  const { size, start, target, weight, load } = graph;
  const label = Int32Array.from({ length: size }, (_, vertex) => vertex);
  const total = load.slice();
  const order = byDegree(graph, random);
  /** Messages shared with each group, of the vertex at hand. */
  const shared = new Float64Array(size);
  const groups = new Int32Array(size);
  for (let round = 0; round < ROUNDS; round += 1) {
    let moves = 0;
    for (const vertex of order) {
      let found = 0;
      for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
        const neighbour = target[edge] as number;
        if (within !== undefined && within[neighbour] !== within[vertex]) continue;
        const group = label[neighbour] as number;
        if (shared[group] === 0) groups[found++] = group;
        shared[group] = (shared[group] as number) + (weight[edge] as number);
      }
      const own = label[vertex] as number;
      const heft = load[vertex] as number;
      let best = own;
      let most = shared[own] as number;
      let ties = 1;
      for (let index = 0; index < found; index += 1) {
        const group = groups[index] as number;
        const messages = shared[group] as number;
        if (group === own || messages < most || (total[group] as number) + heft > limit) continue;
        ties = messages > most ? 1 : ties + 1;
        if (ties === 1 || random.integer(ties) === 0) best = group;
        most = messages;
      }
      for (let index = 0; index < found; index += 1) shared[groups[index] as number] = 0;
      if (best === own) continue;
      total[own] = (total[own] as number) - heft;
      total[best] = (total[best] as number) + heft;
      label[vertex] = best;
      moves += 1;
    }
    if (moves * 100 < size) break;
  }
  return numbered(label);
}

/** The vertices in order of degree, those of one degree in a random order. */
function byDegree({ size, start }: Graph, random: Random): Int32Array {
  const shuffled = shuffledVertices(size, random);
  const degree = (vertex: number): number =>
    Math.min(DEGREE_MAX, (start[vertex + 1] as number) - (start[vertex] as number));
  const next = new Int32Array(DEGREE_MAX + 2);
  for (const vertex of shuffled) next[degree(vertex) + 1] = (next[degree(vertex) + 1] as number) + 1;
  for (let index = 0; index <= DEGREE_MAX; index += 1) {
    next[index + 1] = (next[index + 1] as number) + (next[index] as number);
  }
  const order = new Int32Array(size);
  for (const vertex of shuffled) {
    const place = next[degree(vertex)] as number;
    next[degree(vertex)] = place + 1;
    order[place] = vertex;
  }
  return order;
}

/** All vertices in a random order (Fisher and Yates). */
export function shuffledVertices(size: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: size }, (_, vertex) => vertex);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const vertex = order[last] as number;
    order[last] = order[other] as number;
    order[other] = vertex;
  }
  return order;
}

/** Labels from 0 to `label.length` - 1, numbered anew in the order in which they first come up. */
function numbered(label: Int32Array): Clustering {
  const number = new Int32Array(label.length).fill(-1);
  let size = 0;
  const map = label.map((own) => {
    if (number[own] === -1) number[own] = size++;
    return number[own] as number;
  });
  return { map, size };
}
