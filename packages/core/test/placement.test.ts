import { type AgentId, compareIds, SimulationError } from '@troupe/core';
import {
  type Placement,
  placeBy,
  placementFromJson,
  placementQuality,
  placementToJson,
} from '@troupe/core/placement';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { errorOf } from './fixtures/actor.ts';
import { trafficOf } from './fixtures/traffics.ts';

const anyId: fc.Arbitrary<AgentId> = fc.oneof(
  fc.integer({ min: -20, max: 60 }),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }).filter((text) => !text.startsWith('@')),
);

const anyPlacement: fc.Arbitrary<Placement> = fc
  .record({
    clusters: fc.integer({ min: 1, max: 5 }),
    homes: fc.array(fc.tuple(anyId, fc.nat(1000)), { maxLength: 80 }),
  })
  .map(({ clusters, homes }) =>
    place(
      clusters,
      homes.map(([id, home]) => [id, home % clusters]),
    ),
  );

function place(clusters: number, homes: Iterable<readonly [AgentId, number]>): Placement {
  const sorted = [...new Map(homes)].sort(([a], [b]) => compareIds(a, b));
  return {
    clusters,
    agents: sorted.map(([id]) => id),
    cluster: Int32Array.from(sorted, ([, home]) => home),
  };
}

const invalid: [string, unknown][] = [
  ['nothing', null],
  ['no clusters', { ...place(1, []), clusters: 0 }],
  ['half a cluster', { ...place(1, []), clusters: 1.5 }],
  ['too many clusters', { ...place(1, []), clusters: 5000 }],
  ['agents that are no array', { ...place(1, []), agents: {} }],
  ['plain clusters', { ...place(1, [['anna', 0]]), cluster: [0] }],
  ['too few clusters', { ...place(1, [['anna', 0]]), cluster: new Int32Array(0) }],
  ['an agent on a cluster that is not there', place(2, [['anna', 2]])],
  ['an agent on cluster -1', place(2, [['anna', -1]])],
  ['agents out of order', { clusters: 1, agents: ['ben', 'anna'], cluster: new Int32Array(2) }],
  ['an agent that is there twice', { clusters: 1, agents: ['anna', 'anna'], cluster: new Int32Array(2) }],
];

describe('a placement as a function', () => {
  it('answers where an agent is, and asks on for others', () => {
    fc.assert(
      fc.property(anyPlacement, fc.array(anyId), (placement, others) => {
        const homes = new Map(placement.agents.map((id, index) => [id, placement.cluster[index]]));
        const where = placeBy(placement, (id) => 100 + String(id).length);
        for (const id of [...placement.agents, ...others]) {
          expect(where(id)).toBe(homes.get(id) ?? 100 + String(id).length);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it.each(invalid)('refuses %s', (_, placement) => {
    for (const use of [placeBy, placementToJson] as ((
      placement: Placement,
      otherwise: () => number,
    ) => unknown)[]) {
      expect(errorOf(() => use(placement as Placement, () => 0))).toMatchObject({
        code: 'ERR_TROUPE_PLACEMENT_INVALID',
      });
    }
  });

  it('refuses what cannot name an agent', () => {
    const error = errorOf(() => placeBy(place(1, [['@anna', 0]]), () => 0));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_ID' });
  });
});

describe('a placement as a text', () => {
  it('reads as it was written, and is the same text again', () => {
    fc.assert(
      fc.property(anyPlacement, (placement) => {
        const text = placementToJson(placement);
        const read = placementFromJson(text);
        expect(read).toEqual(placement);
        expect(placementToJson(read)).toBe(text);
        expect(JSON.parse(text)).toMatchObject({ format: 'troupe-placement', version: 1 });
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('has one line for each cluster, and pairs for integers in a row', () => {
    const homes: [AgentId, number][] = Array.from({ length: 1000 }, (_, id) => [id, id < 400 ? 1 : 0]);
    const text = placementToJson(place(3, [...homes, [1002, 0], [1003, 0], [-5, 1], ['clock', 1], ['"', 0]]));
    expect(text).toBe(
      '{"format":"troupe-placement","version":1,"clusters":[\n' +
        '[[400,999],1002,1003,"\\""],\n' +
        '[-5,[0,399],"clock"],\n' +
        '[]\n' +
        ']}\n',
    );
  });

  it('may be written by hand, in any order and layout', () => {
    const text = '{ "clusters": [[3, [1, 2]], ["b", "a", 0]], "version": 1, "format": "troupe-placement" }';
    expect(placementFromJson(text)).toEqual(
      place(2, [
        [1, 0],
        [2, 0],
        [3, 0],
        ['a', 1],
        ['b', 1],
        [0, 1],
      ]),
    );
  });

  const by = (clusters: string): string => `{"format":"troupe-placement","version":1,"clusters":${clusters}}`;
  it.each([
    ['no text', 7],
    ['no JSON', '{"format":'],
    ['null', 'null'],
    ['a number', '1'],
    ['another format', '{"format":"placement","version":1,"clusters":[[]]}'],
    ['a later version', '{"format":"troupe-placement","version":2,"clusters":[[]]}'],
    ['no clusters', by('[]')],
    ['clusters that are no array', by('{"length":1}')],
    ['a cluster that is no array', by('[[],7]')],
    ['more clusters than there can be', by(`[${'[],'.repeat(4096)}[]]`)],
    ['an agent that is there twice', by('[["anna","anna"]]')],
    ['an agent on two clusters', by('[[[1,5]],[3]]')],
    ['a pair that goes down', by('[[[5,1]]]')],
    ['a pair of one', by('[[[5,5]]]')],
    ['a triple', by('[[[1,2,3]]]')],
    ['arrays in arrays without end', by(`[[${'['.repeat(100_000)}${']'.repeat(100_000)}]]`)],
    ['a pair of texts', by('[[["a","b"]]]')],
    ['a pair of fractions', by('[[[0.5,2]]]')],
    ['-0', by('[[-0]]')],
    ['a pair from -0', by('[[[-0,3]]]')],
    ['half an agent', by('[[1.5]]')],
    ['a reserved id', by('[["@outside"]]')],
    ['half a character', by('[["\\ud800"]]')],
    ['an object for an agent', by('[[{}]]')],
    ['more agents than memory', by('[[[0,9007199254740991]]]')],
    ['more agents than memory in two pairs', by('[[[0,10000000]],[[10000001,20000000]]]')],
  ])('is refused where it is %s', (_what, text) => {
    const error = errorOf(() => placementFromJson(text as string));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_PLACEMENT_INVALID' });
  });

  it('keeps the cause', () => {
    expect(errorOf(() => placementFromJson('{')).cause).toBeInstanceOf(SyntaxError);
    expect(errorOf(() => placementFromJson(by('[["@a"]]'))).cause).toBeInstanceOf(SimulationError);
  });

  it('is read or refused, whatever became of it', () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat(4),
      put: fc.constantFrom('', '0', '-', ',', '[', ']', '"', '.', 'e9', '\\', '@', '{}'),
    });
    fc.assert(
      fc.property(anyPlacement, fc.array(edit, { minLength: 1, maxLength: 3 }), (placement, edits) => {
        let text = placementToJson(placement);
        for (const { at, cut, put } of edits) {
          const place = at % text.length;
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        let read: Placement;
        try {
          read = placementFromJson(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_TROUPE_PLACEMENT_INVALID' });
          return;
        }
        expect(placementFromJson(placementToJson(read))).toEqual(read);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  it('is refused with any other JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(errorOf(() => placementFromJson(text))).toMatchObject({
          code: 'ERR_TROUPE_PLACEMENT_INVALID',
        });
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});

describe('the quality of a placement', () => {
  const talks = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.integer({ min: 1, max: 5 })), { maxLength: 40 });

  it('is what crosses, and the largest load over the mean', () => {
    fc.assert(
      fc.property(
        talks,
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.nat(3), { minLength: 10, maxLength: 10 }),
        (said, clusters, wish) => {
          const home = (id: AgentId): number => (wish[id as number] as number) % clusters;
          const traffic = trafficOf(said);
          const quality = placementQuality(traffic, home, clusters);

          const messages = said.reduce((sum, [, , count]) => sum + count, 0);
          const crossing = said.reduce(
            (sum, [from, to, count]) => sum + (home(from) === home(to) ? 0 : count),
            0,
          );
          const loads = Array.from({ length: clusters }, (_, cluster) =>
            said.reduce((sum, [, to, count]) => sum + (home(to) === cluster ? count : 0), 0),
          );
          expect(quality.loads).toEqual(loads);
          expect(quality.crossing).toBe(messages === 0 ? 0 : crossing / messages);
          expect(quality.balance).toBeCloseTo(
            messages === 0 ? 1 : (Math.max(...loads) * clusters) / messages,
            12,
          );
          const placement = place(
            clusters,
            traffic.agents.map((id) => [id, home(id)]),
          );
          expect(placementQuality(traffic, placement)).toEqual(quality);
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  const traffic = trafficOf([['anna', 'ben', 1]]);

  test('needs a placement that lists all agents, and says what to do about others', () => {
    const error = errorOf(() => placementQuality(traffic, place(2, [['anna', 0]])));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_PLACEMENT_INVALID', agent: 'ben' });
    expect(error.message).toContain('placeBy');
  });

  test.each([-1, 2, 0.5, Number.NaN, undefined])('refuses a function that answers %s', (answer) => {
    expect(errorOf(() => placementQuality(traffic, () => answer as number, 2))).toMatchObject({
      code: 'ERR_TROUPE_PLACEMENT',
      agent: 'anna',
    });
  });

  test.each([undefined, 0, 2.5, 5000])('refuses %s clusters', (clusters) => {
    expect(errorOf(() => placementQuality(traffic, () => 0, clusters as number))).toMatchObject({
      code: 'ERR_TROUPE_OPTION',
      value: clusters,
    });
  });
});
