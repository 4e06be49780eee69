import { type AgentId, compareIds, OUTSIDE, SimulationError } from '@troupe/core';
import {
  mergeTraffic,
  partition,
  type Traffic,
  type TrafficPart,
  TrafficRecorder,
} from '@troupe/core/placement';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { errorOf } from './fixtures/actor.ts';
import { trafficOf } from './fixtures/traffics.ts';

type Pair = readonly [from: number, to: number];

/** Counts by sender and receiver, as text. */
type Counts = Record<string, number>;

function countsOf({ agents, edges }: TrafficPart): Counts {
  const counts: Counts = {};
  edges.count.forEach((count, edge) => {
    const [from, to] = [agents[edges.from[edge] as number], agents[edges.to[edge] as number]];
    const key = JSON.stringify([from, to]);
    counts[key] = (counts[key] ?? 0) + count;
  });
  return counts;
}

function loadsOf({ agents, load }: TrafficPart): Counts {
  return Object.fromEntries(agents.map((id, index) => [JSON.stringify(id), load[index] as number]));
}

/** What a recorder should come to, by the book. */
function model(pairs: readonly (readonly [AgentId, AgentId])[]): { counts: Counts; loads: Counts } {
  const counts: Counts = {};
  const loads: Counts = {};
  for (const [from, to] of pairs) {
    const key = JSON.stringify([from, to]);
    counts[key] = (counts[key] ?? 0) + 1;
    loads[JSON.stringify(from)] ??= 0;
    loads[JSON.stringify(to)] = (loads[JSON.stringify(to)] ?? 0) + 1;
  }
  return { counts, loads };
}

const name = (index: number): AgentId => index;
const total = (numbers: Iterable<number>): number => Array.from(numbers).reduce((sum, own) => sum + own, 0);

function recorded(recorder: TrafficRecorder, pairs: Iterable<Pair>): TrafficRecorder {
  for (const [from, to] of pairs) recorder.record(from, to);
  return recorder;
}

/** Each of `agents` sends to each, itself included. */
function* everyPair(agents: number): Generator<Pair> {
  for (let from = 0; from < agents; from += 1) for (let to = 0; to < agents; to += 1) yield [from, to];
}

describe('a traffic recorder', () => {
  const index = fc.oneof(fc.nat(6), fc.nat(3000), fc.nat(0x7fffffff - 1));
  const few = fc.oneof(fc.nat(6), fc.nat(3000));

  it('counts as a map would, however many pairs there are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(few, few), { maxLength: 3000, size: 'max' }), (pairs) => {
        const part = recorded(new TrafficRecorder(), pairs).snapshot(name);
        const { counts, loads } = model(pairs);
        expect(countsOf(part)).toEqual(counts);
        expect(loadsOf(part)).toEqual(loads);
        expect(part.sample).toBe(1);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('tells apart pairs of any indexes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(index, index), { maxLength: 50 }), (pairs) => {
        const recorder = recorded(new TrafficRecorder(), pairs);
        expect(recorder.pairs).toBe(new Set(pairs.map(String)).size);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it('counts one in so many messages on average, and says so', () => {
    for (const sample of [2, 7, 64]) {
      const part = recorded(new TrafficRecorder({ sample, seed: 3 }), repeat(everyPair(10), 2000)).snapshot(
        name,
      );
      expect(part.sample).toBe(sample);
      const estimate = total(part.edges.count) * sample;
      // Gaps of 1 to 2 * sample - 1 have a variance of about sample^2 / 3: five standard errors.
      expect(Math.abs(estimate - 200_000)).toBeLessThan(5 * sample * Math.sqrt(200_000 / sample / 3));
      expect(total(part.load)).toBe(total(part.edges.count));
    }
  });

  it('counts all alike of agents that send in turn', () => {
    const turns: Pair[] = [
      [0, 1],
      [1, 0],
      [2, 3],
      [3, 2],
    ];
    const part = recorded(new TrafficRecorder({ sample: 4 }), repeat(turns, 4000)).snapshot(name);
    expect(part.edges.count).toHaveLength(4);
    for (const count of part.edges.count) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('counts the same with the same seed, and other messages with another', () => {
    const count = (seed: number): Counts =>
      countsOf(recorded(new TrafficRecorder({ sample: 5, seed }), everyPair(40)).snapshot(name));
    expect(count(1)).toEqual(count(1));
    expect(count(1)).not.toEqual(count(2));
  });

  it('halves its rate rather than hold more pairs than it may, and still stands for all messages', () => {
    const recorder = new TrafficRecorder({ pairs: 1000 });
    const messages: Pair[] = [...repeat(everyPair(20), 30), ...everyPair(100)];
    let most = 0;
    for (const [from, to] of messages) {
      recorder.record(from, to);
      most = Math.max(most, recorder.pairs);
    }
    expect(most).toBeLessThanOrEqual(1000);
    const part = recorder.snapshot(name);
    expect(part.sample).toBeGreaterThan(1);
    expect(Math.log2(part.sample) % 1).toBe(0);
    const estimate = total(part.edges.count) * part.sample;
    expect(Math.abs(estimate / messages.length - 1)).toBeLessThan(0.1);
    // What was said often is known well all the same.
    const often = Object.entries(countsOf(part)).filter(([key]) =>
      (JSON.parse(key) as Pair).every((end) => end < 20),
    );
    const estimated = total(often.map(([, count]) => count)) * part.sample;
    expect(Math.abs(estimated / (400 * 31) - 1)).toBeLessThan(0.1);
  });

  it('never holds more pairs than it may, and drops nothing while it need not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.nat(9), fc.nat(9))),
        (limit, pairs) => {
          const recorder = new TrafficRecorder({ pairs: limit });
          const seen = new Set<string>();
          for (const [from, to] of pairs) {
            recorder.record(from, to);
            seen.add(`${from} ${to}`);
            expect(recorder.pairs).toBeLessThanOrEqual(limit);
            if (seen.size <= limit) expect(recorder.pairs).toBe(seen.size);
          }
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });

  it('counts what comes from outside as load only', () => {
    const recorder = recorded(new TrafficRecorder(), [
      [0, 1],
      [0, 1],
      [2, 1],
      [1, 2],
    ]);
    const names = [OUTSIDE, 'anna', 'ben'];
    const part = recorder.snapshot((at) => names[at] as string);
    expect(countsOf(part)).toEqual({ '["ben","anna"]': 1, '["anna","ben"]': 1 });
    expect(loadsOf(part)).toEqual({ '"anna"': 3, '"ben"': 1 });
  });

  it('leaves out messages to what is no agent', () => {
    const part = recorded(new TrafficRecorder(), [[1, 0]]).snapshot((at) => [OUTSIDE, 'anna'][at] as string);
    expect(part.edges.count).toHaveLength(0);
    expect(part.agents).toEqual([]);
  });

  it('forgets indexes that are given to other agents, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(few, few)), fc.array(few), (pairs, gone) => {
        const recorder = recorded(new TrafficRecorder(), pairs);
        recorder.forget(gone);
        const left = pairs.filter((pair) => !pair.some((end) => gone.includes(end)));
        expect(countsOf(recorder.snapshot(name))).toEqual(model(left).counts);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it('marks the indexes that it needs', () => {
    const inUse = new Uint8Array(8);
    recorded(new TrafficRecorder(), [
      [1, 3],
      [3, 3],
      [6, 1],
    ]).mark(inUse);
    expect([...inUse]).toEqual([0, 1, 0, 1, 0, 0, 1, 0]);
  });

  it('begins anew when it is cleared, with the rate that it began with', () => {
    const recorder = recorded(new TrafficRecorder({ pairs: 10 }), everyPair(20));
    expect(recorder.sample).toBeGreaterThan(1);
    recorder.clear();
    expect([recorder.sample, recorder.pairs]).toEqual([1, 0]);
    expect(countsOf(recorded(recorder, [[1, 2]]).snapshot(name))).toEqual({ '[1,2]': 1 });
  });

  it.each([
    { sample: 0 },
    { sample: 1.5 },
    { sample: 1e7 },
    { sample: Number.NaN },
    { pairs: 0 },
    { pairs: 1e9 },
    { pairs: '7' },
    { seed: Number.NaN },
    { rate: 2 },
  ])('with %o is refused, and the option is named', (options) => {
    const error = errorOf(() => new TrafficRecorder(options as never));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_OPTION' });
    expect((error as Error).message).toContain(Object.keys(options)[0]);
  });
});

function* repeat(pairs: Iterable<Pair>, times: number): Generator<Pair> {
  const list = [...pairs];
  for (let time = 0; time < times; time += 1) yield* list;
}

describe('merged traffic', () => {
  const id: fc.Arbitrary<AgentId> = fc.oneof(
    fc.integer({ min: -3, max: 12 }),
    fc.constantFrom('anna', 'ben', '1', '', 'Ä', '\u{1f600}', '\uffee'),
  );
  const messages = fc.array(fc.tuple(id, id, fc.nat(3)), { maxLength: 200 });

  /** The parts of so many clusters, each with indexes of its own; who counts which message is given. */
  const partsOf = (said: readonly (readonly [AgentId, AgentId, number])[]): TrafficPart[] =>
    [0, 1, 2, 3].map((cluster) => {
      const recorder = new TrafficRecorder();
      const ids: AgentId[] = [];
      const indexOf = (agent: AgentId): number =>
        ids.includes(agent) ? ids.indexOf(agent) : ids.push(agent) - 1;
      for (const [from, to, where] of said) {
        if (where === cluster) recorder.record(indexOf(from), indexOf(to));
      }
      return recorder.snapshot((index) => ids[index] as AgentId);
    });

  it('is what was counted in all clusters, in order, and does not show who counted what', () => {
    fc.assert(
      fc.property(messages, (said) => {
        const traffic = mergeTraffic(partsOf(said));
        const { counts, loads } = model(said.map(([from, to]) => [from, to]));
        expect(countsOf(traffic)).toEqual(counts);
        expect(loadsOf(traffic)).toEqual(loads);
        expect(traffic.agents).toEqual([...traffic.agents].sort(compareIds));
        const { from, to } = traffic.edges;
        const keys = Array.from(from, (sender, edge) => sender * 100 + (to[edge] as number));
        expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));

        expect(mergeTraffic(partsOf(said).reverse())).toEqual(traffic);
        expect(mergeTraffic(partsOf(said.map(([a, b]) => [a, b, 0])))).toEqual(traffic);
        expect(mergeTraffic([traffic])).toEqual(traffic);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('brings parts that were sampled differently to one measure', () => {
    const part = (sample: number, count: number): TrafficPart => ({
      ...trafficOf([['anna', 'ben', count]]),
      sample,
    });
    const traffic = mergeTraffic([part(64, 3), part(256, 5), part(96, 1)]);
    expect(traffic.sample).toBe(32);
    expect(countsOf(traffic)).toEqual({ '["anna","ben"]': 3 * 2 + 5 * 8 + 3 });
    expect(loadsOf(traffic)).toEqual({ '"anna"': 0, '"ben"': 49 });
  });

  it('of no parts is empty', () => {
    const empty = mergeTraffic([]);
    expect(empty).toEqual(mergeTraffic([new TrafficRecorder().snapshot(name)]));
    expect(empty).toMatchObject({ sample: 1, agents: [] });
  });

  it('has no edge for what was counted nil times', () => {
    const part = trafficOf([['anna', 'ben', 1]]);
    const nil = { ...part, edges: { ...part.edges, count: Float64Array.of(0) } };
    expect(mergeTraffic([nil]).edges.count).toHaveLength(0);
  });
});

describe('traffic that no recorder counts is refused', () => {
  const good = trafficOf([
    ['anna', 'ben', 2],
    ['ben', 'anna', 1],
  ]);
  const { edges } = good;
  const damaged: [string, unknown][] = [
    ['nothing', undefined],
    ['a sample of 0', { ...good, sample: 0 }],
    ['half a sample', { ...good, sample: 0.5 }],
    ['agents that are no array', { ...good, agents: 'anna' }],
    ['too few loads', { ...good, load: Float64Array.of(1) }],
    ['plain loads', { ...good, load: [1, 2] }],
    ['a negative load', { ...good, load: Float64Array.of(1, -1) }],
    ['half a load', { ...good, load: Float64Array.of(1, 0.5) }],
    ['loads beyond 2^53', { ...good, load: Float64Array.of(2 ** 53 - 1, 1) }],
    ['no edges', { ...good, edges: undefined }],
    ['edges of several lengths', { ...good, edges: { ...edges, count: Float64Array.of(1) } }],
    ['an edge from nobody', { ...good, edges: { ...edges, from: Int32Array.of(0, 2) } }],
    ['an edge to nobody', { ...good, edges: { ...edges, to: Int32Array.of(1, -1) } }],
    [
      'an infinite count',
      { ...good, edges: { ...edges, count: Float64Array.of(1, Number.POSITIVE_INFINITY) } },
    ],
  ];

  test.each(damaged)('%s', (_, traffic) => {
    expect(errorOf(() => mergeTraffic([traffic as Traffic]))).toMatchObject({ code: 'ERR_TROUPE_TRAFFIC' });
    expect(errorOf(() => partition(traffic as Traffic, { clusters: 2 }))).toMatchObject({
      code: 'ERR_TROUPE_TRAFFIC',
    });
  });

  test('parts that are no array', () => {
    expect(errorOf(() => mergeTraffic(good as never))).toMatchObject({ code: 'ERR_TROUPE_TRAFFIC' });
  });

  test('an agent that cannot be', () => {
    const error = errorOf(() => mergeTraffic([{ ...good, agents: ['@anna', 'ben'] }]));
    expect(error).toBeInstanceOf(SimulationError);
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_ID', value: '@anna' });
  });

  const unordered: [string, Traffic][] = [
    ['agents', { ...good, agents: ['ben', 'anna'] }],
    ['an agent that is there twice', { ...good, agents: ['anna', 'anna'] }],
    ['edges by sender', { ...good, edges: { ...edges, from: Int32Array.of(1, 0) } }],
    [
      'edges by receiver',
      { ...good, edges: { ...edges, from: Int32Array.of(0, 0), to: Int32Array.of(1, 0) } },
    ],
    [
      'an edge that is there twice',
      { ...good, edges: { ...edges, from: Int32Array.of(0, 0), to: Int32Array.of(1, 1) } },
    ],
  ];

  test.each(unordered)('out of order, unless it is merged: %s', (_, traffic) => {
    expect(errorOf(() => partition(traffic, { clusters: 2 }))).toMatchObject({ code: 'ERR_TROUPE_TRAFFIC' });
    expect(() => partition(mergeTraffic([traffic]), { clusters: 2 })).not.toThrow();
  });
});
