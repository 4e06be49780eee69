import type { Traffic } from './traffic.ts';

/**
 * An undirected graph in compressed rows: the neighbours of vertex v are `target[start[v]]` to `target[start[v + 1] - 1]`,
 * each once, never v itself; each edge is in two rows. All weights are whole numbers, so that sums are exact and do not
 * depend on their order.
 */
export interface Graph {
  /** Number of vertices. */
  readonly size: number;
  readonly start: Int32Array;
  readonly target: Int32Array;
  /** Messages along each edge, both ways together, parallel to `target`; above 0. */
  readonly weight: Float64Array;
  /** Load of each vertex. */
  readonly load: Float64Array;
}

/**
 * The graph of a traffic: vertices are agents, edges the messages between two of them. Where nobody has any load, each
 * agent counts as 1.
 */
export function graphOf({ agents, load, edges }: Traffic): Graph {
  const size = agents.length;
  const start = new Int32Array(size + 1);
  const { from, to, count } = edges;
  for (let edge = 0; edge < count.length; edge += 1) {
    for (const end of [from[edge] as number, to[edge] as number]) {
      start[end + 1] = (start[end + 1] as number) + 1;
    }
  }
  for (let vertex = 0; vertex < size; vertex += 1) {
    start[vertex + 1] = (start[vertex + 1] as number) + (start[vertex] as number);
  }
  const target = new Int32Array(2 * count.length);
  const weight = new Float64Array(2 * count.length);
  const next = start.slice();
  const put = (row: number, neighbour: number, messages: number): void => {
    const place = next[row] as number;
    next[row] = place + 1;
    target[place] = neighbour;
    weight[place] = messages;
  };
  for (let edge = 0; edge < count.length; edge += 1) {
    put(from[edge] as number, to[edge] as number, count[edge] as number);
    put(to[edge] as number, from[edge] as number, count[edge] as number);
  }
  const idle = load.every((own) => own === 0);
  const rows = { size, start, target, weight, load: idle ? load.map(() => 1) : load };
  // Both directions of a pair are two entries of its rows still; to contract nothing makes one of them.
  return contract(
    rows,
    Int32Array.from({ length: size }, (_, vertex) => vertex),
    size,
  );
}

/** The graph in which all vertices with one number of `map`, 0 to `size` - 1, are one vertex. */
export function contract(graph: Graph, map: Int32Array, size: number): Graph {
  const load = new Float64Array(size);
  const first = new Int32Array(size + 1);
  for (let vertex = 0; vertex < graph.size; vertex += 1) {
    const into = map[vertex] as number;
    load[into] = (load[into] as number) + (graph.load[vertex] as number);
    first[into + 1] = (first[into + 1] as number) + 1;
  }
  for (let into = 0; into < size; into += 1) {
    first[into + 1] = (first[into + 1] as number) + (first[into] as number);
  }
  const members = new Int32Array(graph.size);
  const next = first.slice();
  for (let vertex = 0; vertex < graph.size; vertex += 1) {
    const into = map[vertex] as number;
    const place = next[into] as number;
    next[into] = place + 1;
    members[place] = vertex;
  }

  const start = new Int32Array(size + 1);
  const target = new Int32Array(graph.target.length);
  const weight = new Float64Array(graph.target.length);
  /** Where the row that is being made has its entry for a neighbour; older rows' entries lie before its start. */
  const entry = new Int32Array(size).fill(-1);
  let end = 0;
  for (let into = 0; into < size; into += 1) {
    const begin = end;
    for (let member = first[into] as number; member < (first[into + 1] as number); member += 1) {
      const vertex = members[member] as number;
      for (let edge = graph.start[vertex] as number; edge < (graph.start[vertex + 1] as number); edge += 1) {
        const neighbour = map[graph.target[edge] as number] as number;
        const messages = graph.weight[edge] as number;
        if (neighbour === into || messages === 0) continue;
        const known = entry[neighbour] as number;
        if (known >= begin) {
          weight[known] = (weight[known] as number) + messages;
        } else {
          entry[neighbour] = end;
          target[end] = neighbour;
          weight[end] = messages;
          end += 1;
        }
      }
    }
    start[into + 1] = end;
  }
  return { size, start, target: target.slice(0, end), weight: weight.slice(0, end), load };
}

/** Sum of the weights of edges between different parts. */
export function cutOf({ size, start, target, weight }: Graph, part: Int32Array): number {
  let twice = 0;
  for (let vertex = 0; vertex < size; vertex += 1) {
    for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
      if (part[target[edge] as number] !== part[vertex]) twice += weight[edge] as number;
    }
  }
  return twice / 2;
}

/** Sum of the loads of each part. */
export function loadsOf({ size, load }: Graph, part: Int32Array, parts: number): Float64Array {
  const loads = new Float64Array(parts);
  for (let vertex = 0; vertex < size; vertex += 1) {
    const own = part[vertex] as number;
    loads[own] = (loads[own] as number) + (load[vertex] as number);
  }
  return loads;
}
