import { Random } from '@troupe/core';

/** An undirected graph of vertices 0 to n-1, as lists of neighbours one after the other. */
export interface Graph {
  /** By vertex: where its neighbours begin; one entry more says where the last ones end. */
  readonly offsets: Int32Array;
  readonly neighbours: Int32Array;
}

/** How many neighbours a vertex has. */
export function degreeOf({ offsets }: Graph, vertex: number): number {
  return (offsets[vertex + 1] as number) - (offsets[vertex] as number);
}

export function largestDegree(graph: Graph): number {
  let largest = 0;
  for (let vertex = 0; vertex < graph.offsets.length - 1; vertex += 1) {
    largest = Math.max(largest, degreeOf(graph, vertex));
  }
  return largest;
}

/**
 * A scale-free graph: each vertex that joins is linked to `links` others, those with many neighbours preferred. It
 * depends on nothing but the arguments. Vertices are numbered at random, so that a number tells nothing of where in the
 * graph its vertex is.
 *
 * Source: A.-L. Barabási and R. Albert, Emergence of scaling in random networks (1999), beginning with `links` + 1
 * vertices that are all linked.
 *
 * @param vertices more than `links`
 */
export function scaleFreeGraph(vertices: number, links: number, seed: number): Graph {
  const random = Random.of(seed, 'scale-free graph');
  const { from, to } = attach(vertices, links, random);
  const names = shuffled(vertices, random);
  const offsets = new Int32Array(vertices + 1);
  const each = (visit: (one: number, other: number) => void): void => {
    for (let edge = 0; edge < from.length; edge += 1) {
      const one = names[from[edge] as number] as number;
      const other = names[to[edge] as number] as number;
      visit(one, other);
      visit(other, one);
    }
  };
  each((one) => {
    offsets[one + 1] = (offsets[one + 1] as number) + 1;
  });
  for (let vertex = 0; vertex < vertices; vertex += 1) {
    offsets[vertex + 1] = (offsets[vertex + 1] as number) + (offsets[vertex] as number);
  }
  const neighbours = new Int32Array(from.length * 2);
  const filled = offsets.slice();
  each((one, other) => {
    const at = filled[one] as number;
    neighbours[at] = other;
    filled[one] = at + 1;
  });
  return { offsets, neighbours };
}

/** The edges of a growing graph: vertex `from[i]` joined and was linked to `to[i]`. */
function attach(vertices: number, links: number, random: Random): { from: Int32Array; to: Int32Array } {
  const seedEdges = (links * (links + 1)) / 2;
  const edges = seedEdges + (vertices - links - 1) * links;
  const from = new Int32Array(edges);
  const to = new Int32Array(edges);
  let edge = 0;
  for (let vertex = 1; vertex <= links; vertex += 1) {
    for (let other = 0; other < vertex; other += 1) {
      from[edge] = vertex;
      to[edge] = other;
      edge += 1;
    }
  }
  for (let vertex = links + 1; vertex < vertices; vertex += 1) {
    const before = edge;
    while (edge < before + links) {
      // An end of an edge, each as likely: a vertex is met in proportion to its degree.
      const end = random.integer(before * 2);
      const other = (end < before ? from[end] : to[end - before]) as number;
      if (to.subarray(before, edge).includes(other)) continue;
      from[edge] = vertex;
      to[edge] = other;
      edge += 1;
    }
  }
  return { from, to };
}

/** The numbers from 0 to n-1 in random order (Fisher and Yates). */
function shuffled(n: number, random: Random): Int32Array {
  const numbers = Int32Array.from({ length: n }, (_, index) => index);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = random.integer(last + 1);
    const number = numbers[last] as number;
    numbers[last] = numbers[other] as number;
    numbers[other] = number;
  }
  return numbers;
}
