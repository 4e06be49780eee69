import { Random } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balance, type Draft, move } from '../src/placement/balance.ts';
import { Connections } from '../src/placement/connections.ts';
import { contract, cutOf, type Graph, graphOf, loadsOf } from '../src/placement/graph.ts';
import { propagateLabels } from '../src/placement/label-propagation.ts';
import { better } from '../src/placement/multilevel.ts';
import { evenParts, heaviestFirst, pack } from '../src/placement/packing.ts';
import { refine } from '../src/placement/refine.ts';
import { renumber } from '../src/placement/renumber.ts';
import { VertexHeap } from '../src/placement/vertex-heap.ts';
import { type Talk, trafficOf } from './fixtures/traffics.ts';

const sum = (numbers: Iterable<number>): number => Array.from(numbers).reduce((total, own) => total + own, 0);
const most = (numbers: Iterable<number>): number => Math.max(0, ...numbers);

/** A graph, a number of parts, and a part for each vertex. */
const anyPartition: fc.Arbitrary<{ graph: Graph; parts: number; part: Int32Array }> = fc
  .record({
    agents: fc.integer({ min: 1, max: 40 }),
    talks: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 120,
    }),
    parts: fc.integer({ min: 2, max: 6 }),
    wishes: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
    lopsided: fc.boolean(),
  })
  .map(({ agents, talks, parts, wishes, lopsided }) => {
    const graph = graphOf(trafficOf(talks.map(([a, b, count]): Talk => [a % agents, b % agents, count])));
    const part = Int32Array.from({ length: graph.size }, (_, vertex) =>
      lopsided && vertex % 3 > 0 ? 0 : (wishes[vertex] as number) % parts,
    );
    return { graph, parts, part };
  });

/** Messages between each pair of vertices, from the rows of a graph. */
function weights({ size, start, target, weight }: Graph): Map<string, number> {
  const found = new Map<string, number>();
  for (let vertex = 0; vertex < size; vertex += 1) {
    for (let edge = start[vertex] as number; edge < (start[vertex + 1] as number); edge += 1) {
      const key = `${vertex} ${target[edge]}`;
      expect(found.has(key)).toBe(false);
      found.set(key, weight[edge] as number);
    }
  }
  return found;
}

describe('the graph of a traffic', () => {
  const talks = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.integer({ min: 1, max: 9 })));

  it('has the messages of both ways, once in each row, and none to oneself', () => {
    fc.assert(
      fc.property(talks, (said) => {
        const traffic = trafficOf(said);
        const expected = new Map<string, number>();
        for (const [a, b, count] of said) {
          const [from, to] = [traffic.agents.indexOf(a), traffic.agents.indexOf(b)];
          if (from === to) continue;
          for (const key of [`${from} ${to}`, `${to} ${from}`])
            expected.set(key, (expected.get(key) ?? 0) + count);
        }
        expect(weights(graphOf(traffic))).toEqual(expected);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('keeps loads and cuts when parts of it become one vertex', () => {
    fc.assert(
      fc.property(anyPartition, ({ graph, parts, part }) => {
        const small = contract(graph, part, parts);
        weights(small);
        expect(small.load).toEqual(loadsOf(graph, part, parts));
        expect(
          cutOf(
            small,
            Int32Array.from({ length: parts }, (_, own) => own),
          ),
        ).toBe(cutOf(graph, part));
      }),
      { numRuns: 200, seed: 2 },
    );
  });
});

describe('the connections of vertices to parts', () => {
  it('are kept up while vertices move', () => {
    const moves = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 });
    fc.assert(
      fc.property(anyPartition, moves, ({ graph, parts, part }, steps) => {
        const loads = loadsOf(graph, part, parts);
        const draft: Draft = {
          graph,
          part,
          loads,
          connections: new Connections(graph, part, parts),
          limit: 0,
        };
        for (const [vertex, to] of steps) {
          const mover = vertex % graph.size;
          if (part[mover] !== to % parts) move(draft, mover, to % parts);
        }
        const fresh = new Connections(graph, part, parts);
        for (let vertex = 0; vertex < graph.size; vertex += 1) {
          expect(draft.connections.count[vertex]).toBe(fresh.count[vertex]);
          for (let own = 0; own < parts; own += 1) {
            expect(draft.connections.to(vertex, own)).toBe(fresh.to(vertex, own));
          }
        }
        expect(loads).toEqual(loadsOf(graph, part, parts));
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('a heap of vertices', () => {
  it('has the largest key first, however keys change', () => {
    const steps = fc.array(fc.tuple(fc.nat(19), fc.option(fc.integer({ min: -50, max: 50 }))), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (changes) => {
        const heap = new VertexHeap(20);
        const model = new Map<number, number>();
        for (const [vertex, key] of changes) {
          if (key === null) {
            heap.remove(vertex);
            model.delete(vertex);
          } else {
            heap.put(vertex, key);
            model.set(vertex, key);
          }
          expect(heap.size).toBe(model.size);
          if (model.size > 0) expect(model.get(heap.first)).toBe(Math.max(...model.values()));
        }
        const drained: number[] = [];
        while (heap.size > 0) {
          drained.push(heap.keyOf(heap.first));
          heap.remove(heap.first);
        }
        expect(drained).toEqual([...model.values()].sort((a, b) => b - a));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('is empty when it was cleared', () => {
    const heap = new VertexHeap(3);
    for (const vertex of [0, 1, 2]) heap.put(vertex, vertex);
    heap.clear();
    heap.put(1, -5);
    expect([heap.size, heap.first]).toEqual([1, 1]);
  });
});

describe('groups by label propagation', () => {
  it('stay within the limit and within what confines them', () => {
    fc.assert(
      fc.property(
        anyPartition,
        fc.integer({ min: 1, max: 200 }),
        fc.boolean(),
        ({ graph, part }, limit, confined) => {
          const { map, size } = propagateLabels(graph, limit, Random.of(1, 'x'), confined ? part : undefined);
          expect(new Set(map).size).toBe(size);
          expect(Math.max(...map)).toBe(size - 1);
          const loads = loadsOf(graph, map, size);
          for (let group = 0; group < size; group += 1) {
            const members = [...map.keys()].filter((vertex) => map[vertex] === group);
            if (members.length > 1) expect(loads[group]).toBeLessThanOrEqual(limit);
            if (confined) expect(new Set(members.map((vertex) => part[vertex])).size).toBe(1);
          }
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe('packing', () => {
  it('of the heaviest first, whatever is said, has the largest load at most 4/3 of the least possible', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(2, 3),
        (loads, parts) => {
          const graph = graphOf(trafficOf(loads.map((load, agent): Talk => [agent, agent, load])));
          const largest = most(loadsOf(graph, evenParts(graph, parts), parts));
          let least = Number.POSITIVE_INFINITY;
          for (let code = 0; code < parts ** loads.length; code += 1) {
            const part = Int32Array.from(loads, (_, agent) => Math.floor(code / parts ** agent) % parts);
            least = Math.min(least, most(loadsOf(graph, part, parts)));
          }
          expect(largest).toBeLessThanOrEqual(least * (4 / 3 - 1 / (3 * parts)) + 1e-9);
        },
      ),
      { numRuns: 60, seed: 6 },
    );
  });

  it('leaves vertices where they are that have a part already', () => {
    fc.assert(
      fc.property(anyPartition, fc.nat(), ({ graph, parts, part }, seed) => {
        const random = Random.of(seed, 'x');
        const some = part.map((own) => (random.chance(0.5) ? own : -1));
        const packed = some.slice();
        pack(graph, packed, parts, sum(graph.load), heaviestFirst(graph));
        expect(
          packed.every(
            (own, vertex) => own >= 0 && own < parts && [own, -1].includes(some[vertex] as number),
          ),
        ).toBe(true);
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe('balancing', () => {
  it('leaves no part over the limit, or else over the mean plus the heaviest vertex', () => {
    fc.assert(
      fc.property(anyPartition, fc.constantFrom(1, 1.05, 1.3), ({ graph, parts, part }, imbalance) => {
        const mean = sum(graph.load) / parts;
        const limit = mean * imbalance;
        const loads = loadsOf(graph, part, parts);
        const before = most(loads);
        balance({ graph, part, loads, limit, connections: new Connections(graph, part, parts) });
        expect(loads).toEqual(loadsOf(graph, part, parts));
        expect(most(loads)).toBeLessThanOrEqual(before);
        expect(most(loads)).toBeLessThanOrEqual(Math.max(limit, mean + most(graph.load)));
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  it('changes nothing where nothing is over the limit', () => {
    fc.assert(
      fc.property(anyPartition, ({ graph, parts, part }) => {
        const loads = loadsOf(graph, part, parts);
        const before = part.slice();
        balance({ graph, part, loads, limit: most(loads), connections: new Connections(graph, part, parts) });
        expect(part).toEqual(before);
      }),
      { numRuns: 50, seed: 9 },
    );
  });
});

describe('refining', () => {
  it('makes no cut worse, and no part heavier than the limit', () => {
    fc.assert(
      fc.property(anyPartition, fc.constantFrom(1, 1.2), ({ graph, parts, part }, slack) => {
        const limit = most(loadsOf(graph, part, parts)) * slack;
        const before = cutOf(graph, part);
        refine(graph, part, parts, limit);
        expect(cutOf(graph, part)).toBeLessThanOrEqual(before);
        expect(most(loadsOf(graph, part, parts))).toBeLessThanOrEqual(limit);
        const once = part.slice();
        refine(graph, part, parts, limit);
        expect(cutOf(graph, part)).toBeLessThanOrEqual(cutOf(graph, once));
      }),
      { numRuns: 300, seed: 10 },
    );
  });

  it('brings a part that is over the limit back to it', () => {
    fc.assert(
      fc.property(anyPartition, ({ graph, parts, part }) => {
        const mean = sum(graph.load) / parts;
        const limit = mean + most(graph.load);
        refine(graph, part, parts, limit);
        expect(most(loadsOf(graph, part, parts))).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('goes through a loss to a gain', () => {
    // Two cliques of four, one vertex of each on the wrong side. There is no room for both: one must go first.
    const clique = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].filter((b) => b !== a).map((b) => [a, b] as const),
    );
    const graph = graphOf(
      trafficOf(
        clique.flatMap(([a, b]): Talk[] => [
          [a, b],
          [a + 4, b + 4],
        ]),
      ),
    );
    const part = Int32Array.of(0, 0, 1, 1, 1, 1, 0, 0);
    refine(graph, part, 2, sum(graph.load) / 2 + 3);
    expect(cutOf(graph, part)).toBe(0);
  });
});

describe('renumbering', () => {
  it('changes names only, and keeps what all were called if it can', () => {
    fc.assert(
      fc.property(anyPartition, fc.nat(), ({ graph, parts, part }, seed) => {
        const names = Random.of(seed, 'x').shuffle(Array.from({ length: parts }, (_, own) => own));
        const before = part.map((own) => names[own] as number);
        const renamed = part.slice();
        renumber(graph, renamed, parts, before);
        for (let vertex = 0; vertex < graph.size; vertex += 1) {
          if ((graph.load[vertex] as number) > 0) expect(renamed[vertex]).toBe(before[vertex]);
        }
        expect(cutOf(graph, renamed)).toBe(cutOf(graph, part));
        expect(new Set(renamed).size).toBe(new Set(part).size);
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('does not mind vertices that were nowhere', () => {
    const graph = graphOf(
      trafficOf([
        ['anna', 'anna'],
        ['ben', 'ben'],
        ['cleo', 'cleo', 5],
      ]),
    );
    const part = Int32Array.of(0, 1, 1);
    renumber(graph, part, 2, Int32Array.of(1, -1, -1));
    expect(part).toEqual(Int32Array.of(1, 0, 0));
  });
});

it('of two partitions the one with less over the limit is better, then the one that cuts less, then the first', () => {
  const candidate = (excess: number, cut: number) => ({ part: new Int32Array(0), excess, cut });
  for (const [a, b] of [
    [candidate(0, 9), candidate(1, 0)],
    [candidate(1, 3), candidate(1, 4)],
  ] as const) {
    expect(better(a, b)).toBe(a);
    expect(better(b, a)).toBe(a);
  }
  const first = candidate(0, 1);
  expect(better(first, candidate(0, 1))).toBe(first);
});
