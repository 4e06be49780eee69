import type { EventRecord, Model } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import gossip, { gossipGraph } from '../src/gossip.ts';
import { schedulerOf } from '../src/model-scheduler.ts';
import { degreeOf, type Graph, largestDegree, scaleFreeGraph } from '../src/scale-free-graph.ts';
import { runModel } from './run-model.ts';

const neighboursOf = ({ offsets, neighbours }: Graph, vertex: number): number[] =>
  Array.from(neighbours.subarray(offsets[vertex], offsets[vertex + 1]));

describe('a scale-free graph', () => {
  test('is simple, symmetric and connected, with the number of edges that it must have', () => {
    const shapes = fc
      .integer({ min: 1, max: 4 })
      .chain((links) => fc.tuple(fc.integer({ min: links + 1, max: 80 }), fc.constant(links)));
    fc.assert(
      fc.property(shapes, fc.integer(), ([vertices, links], seed) => {
        const graph = scaleFreeGraph(vertices, links, seed);
        const edges = (links * (links + 1)) / 2 + (vertices - links - 1) * links;
        expect(graph.neighbours).toHaveLength(edges * 2);
        expect(graph.offsets).toHaveLength(vertices + 1);
        for (let vertex = 0; vertex < vertices; vertex += 1) {
          const neighbours = neighboursOf(graph, vertex);
          expect(neighbours.length).toBeGreaterThanOrEqual(links);
          expect(new Set(neighbours).size).toBe(neighbours.length);
          expect(neighbours).not.toContain(vertex);
          for (const neighbour of neighbours) expect(neighboursOf(graph, neighbour)).toContain(vertex);
        }
        const reached = new Set([0]);
        for (const vertex of reached)
          for (const neighbour of neighboursOf(graph, vertex)) reached.add(neighbour);
        expect(reached.size).toBe(vertices);
      }),
      { numRuns: 40 },
    );
  });

  test('has few vertices with many neighbours, with the exponent 3 that preferential attachment leads to', () => {
    const vertices = 100_000;
    const graph = scaleFreeGraph(vertices, 2, 1);
    const atLeast = (degree: number): number => {
      let count = 0;
      for (let vertex = 0; vertex < vertices; vertex += 1) if (degreeOf(graph, vertex) >= degree) count += 1;
      return count / vertices;
    };
    // P(degree >= k) is m (m + 1) / (k (k + 1)) for large graphs: exact for this growth.
    for (const degree of [3, 5, 10, 20, 40]) {
      const share = 6 / (degree * (degree + 1));
      expect(atLeast(degree)).toBeGreaterThan(share * 0.9);
      expect(atLeast(degree)).toBeLessThan(share * 1.1);
    }
    expect(largestDegree(graph)).toBeGreaterThan(300);
  });

  test('numbers its vertices at random: the degree tells nothing of the number', () => {
    const vertices = 20_000;
    const graph = scaleFreeGraph(vertices, 2, 3);
    let early = 0;
    for (let vertex = 0; vertex < vertices / 2; vertex += 1) early += degreeOf(graph, vertex);
    expect(early / graph.neighbours.length).toBeGreaterThan(0.47);
    expect(early / graph.neighbours.length).toBeLessThan(0.53);
  });

  test('depends on its seed and on nothing else', () => {
    expect(scaleFreeGraph(1000, 2, 7)).toEqual(scaleFreeGraph(1000, 2, 7));
    expect(scaleFreeGraph(1000, 2, 7)).not.toEqual(scaleFreeGraph(1000, 2, 8));
  });
});

describe('gossip', () => {
  test('goes from neighbour to neighbour only', () => {
    const params = { agents: 300, links: 2 };
    const graph = gossipGraph(params, 4);
    const events: EventRecord[] = [];
    const onEvent = (event: EventRecord): void => void events.push(event);
    schedulerOf(gossip as unknown as Model, params, { seed: 4, onEvent }).run();
    const told = events.filter(({ topic }) => topic !== 'begin');
    expect(told.length).toBeGreaterThan(500);
    for (const { from, to } of told) expect(neighboursOf(graph, from as number)).toContain(to);
  });

  test('ends when nobody is interested any more, having reached the more the longer interest lasts', () => {
    const reaches = [1, 4, 40].map((interest) => {
      const { report, results } = runModel(gossip, { agents: 500, interest });
      expect(report.reason).toBe('idle');
      expect(results['rounds']).toBeGreaterThan(5);
      return results['reach'] as number;
    });
    expect(reaches[1]).toBeGreaterThan(reaches[0] as number);
    expect(reaches[2]).toBeGreaterThan(0.98);
  });

  test('refuses what cannot be', () => {
    expect(() => runModel(gossip, { agents: 2 })).toThrow('agents is 2: give more than links, which is 2');
    expect(() => runModel(gossip, { agents: 9, lookahead: 2 })).toThrow('lookahead is 2: give at most');
  });
});
