import { balance, type Draft, move } from './balance.ts';
import { Connections } from './connections.ts';
import { type Graph, loadsOf } from './graph.ts';
import { VertexHeap } from './vertex-heap.ts';

const PASSES = 10;

/** A pass ends after so many moves, or this share of the vertices, that have not led to anything better. */
const FRUITLESS = 100;
const FRUITLESS_SHARE = 0.02;

/**
 * Improves a partition in place: first its balance, then the messages between parts. A pass moves one vertex at a time,
 * the one with the most to gain first even where that is a loss, none twice, and in the end takes back what came after
 * the best moment. Passes are made until one gains nothing.
 *
 * Source: C. M. Fiduccia and R. M. Mattheyses, A linear-time heuristic for improving network partitions (1982); for more
 * than two parts with one queue and the best part for each vertex, as in G. Karypis and V. Kumar, Multilevel k-way
 * partitioning scheme for irregular graphs (1998). A heap takes the place of buckets, since gains may be of any size.
 */
export function refine(graph: Graph, part: Int32Array, parts: number, limit: number): void {
  if (parts === 1) return;
  const loads = loadsOf(graph, part, parts);
  const draft: Draft = { graph, part, loads, limit, connections: new Connections(graph, part, parts) };
  balance(draft);
  const pass = new Pass(draft);
  for (let round = 0; round < PASSES; round += 1) if (pass.run() === 0) break;
}

class Pass {
  readonly #draft: Draft;
  readonly #heap: VertexHeap;
  /** Where each vertex of the heap would go. */
  readonly #goal: Int32Array;
  readonly #moved: Uint8Array;
  /** Moves made: which vertex, and from where. */
  readonly #vertices: Int32Array;
  readonly #origins: Int32Array;

  constructor(draft: Draft) {
    const { size } = draft.graph;
    this.#draft = draft;
    this.#heap = new VertexHeap(size);
    this.#goal = new Int32Array(size);
    this.#moved = new Uint8Array(size);
    this.#vertices = new Int32Array(size);
    this.#origins = new Int32Array(size);
  }

  /** One pass; answers how many messages less are between parts. */
  run(): number {
    const { graph, part, connections } = this.#draft;
    const { size, start, target } = graph;
    const heap = this.#heap;
    this.#moved.fill(0);
    for (let vertex = 0; vertex < size; vertex += 1) {
      const inside = connections.to(vertex, part[vertex] as number) > 0 ? 1 : 0;
      if ((connections.count[vertex] as number) > inside) this.#put(vertex);
    }
    const patience = Math.max(FRUITLESS, size * FRUITLESS_SHARE);
    let gain = 0;
    let best = 0;
    let moves = 0;
    let kept = 0;
    while (heap.size > 0 && moves - kept <= patience) {
      const vertex = heap.first;
      const expected = heap.keyOf(vertex);
      // Loads have changed since it was put in: what it was for may have no room any more.
      const actual = this.#evaluate(vertex);
      if (actual < expected) {
        if (actual === Number.NEGATIVE_INFINITY) heap.remove(vertex);
        else heap.put(vertex, actual);
        continue;
      }
      heap.remove(vertex);
      this.#moved[vertex] = 1;
      this.#vertices[moves] = vertex;
      this.#origins[moves] = part[vertex] as number;
      moves += 1;
      move(this.#draft, vertex, this.#goal[vertex] as number);
      for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
        const neighbour = target[edge] as number;
        if (this.#moved[neighbour] === 0) this.#put(neighbour);
      }
      gain += actual;
      if (gain > best) {
        best = gain;
        kept = moves;
      }
    }
    heap.clear();
    while (moves > kept) {
      moves -= 1;
      move(this.#draft, this.#vertices[moves] as number, this.#origins[moves] as number);
    }
    return best;
  }

  #put(vertex: number): void {
    const gain = this.#evaluate(vertex);
    if (gain === Number.NEGATIVE_INFINITY) this.#heap.remove(vertex);
    else this.#heap.put(vertex, gain);
  }

  /** The messages less between parts, if the vertex moved to the best part with room; -Infinity where none has. */
  #evaluate(vertex: number): number {
    const { graph, part, loads, connections, limit } = this.#draft;
    const own = part[vertex] as number;
    const heft = graph.load[vertex] as number;
    let inside = 0;
    let best = -1;
    let most = 0;
    const begin = connections.at[vertex] as number;
    const end = begin + (connections.count[vertex] as number);
    for (let index = begin; index < end; index += 1) {
      const other = connections.part[index] as number;
      const shared = connections.weight[index] as number;
      if (other === own) inside = shared;
      else if (shared >= most && (loads[other] as number) + heft <= limit) {
        if (shared === most && best >= 0 && (loads[other] as number) >= (loads[best] as number)) continue;
        best = other;
        most = shared;
      }
    }
    if (best < 0) return Number.NEGATIVE_INFINITY;
    this.#goal[vertex] = best;
    return most - inside;
  }
}
