import type { Graph } from './graph.ts';

/**
 * How many messages each vertex shares with each part that it has a neighbour in, kept up while vertices move. A vertex
 * has room for as many parts as it has neighbours, or as there are parts, so memory does not grow with both.
 *
 * ```text
 *  parts of vertex v:   at[v] .. at[v] + count[v] - 1, room up to at[v + 1] - 1
 * ```
 */
export class Connections {
  readonly at: Int32Array;
  readonly count: Int32Array;
  readonly part: Int32Array;
  readonly weight: Float64Array;

  constructor(graph: Graph, part: Int32Array, parts: number) {
    const { size, start, target, weight } = graph;
    this.at = new Int32Array(size + 1);
    for (let vertex = 0; vertex < size; vertex += 1) {
      const neighbours = (start[vertex + 1] as number) - (start[vertex] as number);
      this.at[vertex + 1] = (this.at[vertex] as number) + Math.min(neighbours, parts);
    }
    const room = this.at[size] as number;
    this.count = new Int32Array(size);
    this.part = new Int32Array(room);
    this.weight = new Float64Array(room);
    for (let vertex = 0; vertex < size; vertex += 1) {
      for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
        this.#add(vertex, part[target[edge] as number] as number, weight[edge] as number);
      }
    }
  }

  /** Messages that `vertex` shares with `part`. */
  to(vertex: number, part: number): number {
    const begin = this.at[vertex] as number;
    const end = begin + (this.count[vertex] as number);
    for (let index = begin; index < end; index += 1) {
      if (this.part[index] === part) return this.weight[index] as number;
    }
    return 0;
  }

  /** A neighbour of `vertex`, with which it shares `weight` messages, moves from one part to another. */
  shift(vertex: number, from: number, to: number, weight: number): void {
    // First out: there is no room for more parts than neighbours.
    const begin = this.at[vertex] as number;
    for (let index = begin; ; index += 1) {
      if (this.part[index] !== from) continue;
      const left = (this.weight[index] as number) - weight;
      this.weight[index] = left;
      if (left === 0) {
        const last = begin + (this.count[vertex] as number) - 1;
        this.part[index] = this.part[last] as number;
        this.weight[index] = this.weight[last] as number;
        this.count[vertex] = last - begin;
      }
      break;
    }
    this.#add(vertex, to, weight);
  }

  #add(vertex: number, part: number, weight: number): void {
    const begin = this.at[vertex] as number;
    const end = begin + (this.count[vertex] as number);
    for (let index = begin; index < end; index += 1) {
      if (this.part[index] !== part) continue;
      this.weight[index] = (this.weight[index] as number) + weight;
      return;
    }
    this.part[end] = part;
    this.weight[end] = weight;
    this.count[vertex] = end - begin + 1;
  }
}
