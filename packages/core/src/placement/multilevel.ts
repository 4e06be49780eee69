import type { Random } from '../random.ts';
import { cutOf, type Graph, loadsOf } from './graph.ts';
import { coarsen } from './hierarchy.ts';
import { shuffledVertices } from './label-propagation.ts';
import { heaviestFirst, pack } from './packing.ts';
import { refine } from './refine.ts';

/** The smallest graph is packed so many times at the most, and about so many vertices and edges in all. */
const TRIES = 32;
const TRIES_WORK = 100_000;

/** A partition of a graph, and what to judge it by. */
export interface Candidate {
  readonly part: Int32Array;
  /** Messages between parts. */
  readonly cut: number;
  /** Load over the limit. */
  readonly excess: number;
}

/**
 * The best partition that is found with at most `limit` load for each part, as far as that can be had.
 *
 * Groups of vertices are made one, step by step ({@link coarsen}). The smallest graph is packed into parts ({@link pack})
 * in several orders, and the best packing is taken back to the graph itself, while its boundary is improved at each step
 * ({@link refine}). Vertices dealt out in turn are a start too, where that is better than what was found.
 *
 * Source: the multilevel scheme of G. Karypis and V. Kumar, A fast and high quality multilevel scheme for partitioning
 * irregular graphs (1998).
 */
export function multilevel(graph: Graph, parts: number, limit: number, random: Random): Candidate {
  const { levels, top } = coarsen(graph, parts, random);
  const tries = Math.min(TRIES, TRIES_WORK / (top.size + top.target.length / 2 + 1));
  const packed = (order: Int32Array): Candidate => {
    const part = new Int32Array(top.size).fill(-1);
    pack(top, part, parts, limit, order);
    return improve(top, part, parts, limit);
  };
  let best = packed(heaviestFirst(top));
  for (let attempt = 1; attempt < tries; attempt += 1) {
    best = better(best, packed(shuffledVertices(top.size, random)));
  }
  for (const level of levels.toReversed()) {
    const { part } = best;
    best = improve(
      level.graph,
      level.map.map((vertex) => part[vertex] as number),
      parts,
      limit,
    );
  }
  const turns = Int32Array.from({ length: graph.size }, (_, vertex) => vertex % parts);
  return cutOf(graph, turns) < best.cut ? better(best, improve(graph, turns, parts, limit)) : best;
}

/** Improves a partition in place, and judges it. */
export function improve(graph: Graph, part: Int32Array, parts: number, limit: number): Candidate {
  refine(graph, part, parts, limit);
  const excess = loadsOf(graph, part, parts).reduce((sum, load) => sum + Math.max(0, load - limit), 0);
  return { part, cut: cutOf(graph, part), excess };
}

/** The one with less load over the limit, then with fewer messages between parts; the first of equals. */
export function better(a: Candidate, b: Candidate): Candidate {
  return b.excess < a.excess || (b.excess === a.excess && b.cut < a.cut) ? b : a;
}
