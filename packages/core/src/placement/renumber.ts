import type { Graph } from './graph.ts';

/** Renumbers parts in place in the order in which they first come up. */
export function numberInOrder(part: Int32Array, parts: number): void {
  const number = new Int32Array(parts).fill(-1);
  let used = 0;
  for (let vertex = 0; vertex < part.length; vertex += 1) {
    const own = part[vertex] as number;
    if (number[own] === -1) number[own] = used++;
    part[vertex] = number[own] as number;
  }
}

/**
 * Renumbers parts in place so that much of the load has the number that it had before: pairs of an old and a new number
 * are taken in order of the load that they have in common.
 *
 * @param before the old numbers, or -1
 */
export function renumber(graph: Graph, part: Int32Array, parts: number, before: Int32Array): void {
  const common = new Float64Array(parts * parts);
  for (let vertex = 0; vertex < graph.size; vertex += 1) {
    if ((before[vertex] as number) < 0) continue;
    const pair = (part[vertex] as number) * parts + (before[vertex] as number);
    common[pair] = (common[pair] as number) + (graph.load[vertex] as number);
  }
  const pairs = Int32Array.from(common.keys()).sort(
    (a, b) => (common[b] as number) - (common[a] as number) || a - b,
  );
  const number = new Int32Array(parts).fill(-1);
  const taken = new Uint8Array(parts);
  for (const pair of pairs) {
    const own = Math.floor(pair / parts);
    const old = pair % parts;
    if (number[own] !== -1 || taken[old] === 1) continue;
    number[own] = old;
    taken[old] = 1;
  }
  for (let vertex = 0; vertex < graph.size; vertex += 1) {
    part[vertex] = number[part[vertex] as number] as number;
  }
}
