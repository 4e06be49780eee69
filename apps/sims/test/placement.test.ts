import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentId, compareIds, type Model, type Report, Simulation } from '@troupe/core';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOGUE, type Sim } from '../src/catalogue.ts';
import { parseCommand, UsageError } from '../src/command-line.ts';
import type { PlacementWish } from '../src/placement-options.ts';
import { Placing } from '../src/placing.ts';
import { reportOf, sim } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-placement-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modelOf = (name: string): Model => (CATALOGUE[name] as Sim).model;
const DAY = 24 * 3600;

/** Sims whose agents can move, small, and what agents there are. */
const MOVABLE: readonly (readonly [name: string, params: Record<string, unknown>, until: number])[] = [
  ['airline', { infected: 5000 }, DAY],
  ['gossip', { agents: 120, rumours: 3 }, 60],
  ['market', { traders: 6, makers: 4, day: 8 }, 60],
  ['phold', { agents: 20, events: 2, end: 8, delay: 'ticks' }, 60],
];

function idsOf(name: string, params: Record<string, unknown>): AgentId[] {
  const ids: AgentId[] = [];
  new Placing(wish({ dealt: true }), modelOf(name), {
    params,
    seed: 1,
    clusters: 2,
  }).options.placement?.agents.forEach((id) => void ids.push(id));
  return ids.sort(compareIds);
}

function wish(given: Partial<PlacementWish>): PlacementWish {
  return { save: undefined, use: undefined, dealt: false, rebalance: false, ...given };
}

/** Runs with agents moved to anywhere after each of so many windows. */
async function moved(
  name: string,
  params: Record<string, unknown>,
  until: number,
  clusters: number,
  moves: readonly { readonly windows: number; readonly seed: number }[],
): Promise<Pick<Report, 'digest' | 'results' | 'simTime'>> {
  const agents = idsOf(name, params);
  const simulation = new Simulation(modelOf(name), { params, clusters });
  try {
    for (const { windows, seed } of moves) {
      for (let window = 0; window < windows; window += 1) await simulation.step({ until });
      let state = seed;
      const cluster = Int32Array.from(agents, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state >>> 8) % clusters;
      });
      await simulation.place({ clusters, agents, cluster });
    }
    const { digest, results, simTime } = await simulation.run({ until });
    return { digest, results, simTime };
  } finally {
    await simulation.close();
  }
}

describe('agents of the sims', () => {
  test.each(MOVABLE)('of %s %j move at any barrier, and nobody notices', async (name, params, until) => {
    const stayed = await moved(name, params, until, 1, []);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(2, 3),
        fc.array(fc.record({ windows: fc.integer({ min: 0, max: 9 }), seed: fc.nat() }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (clusters, moves) => {
          expect(await moved(name, params, until, clusters, moves)).toEqual(stayed);
        },
      ),
      { seed: 5, numRuns: 8 },
    );
  });

  const setting = { agents: 9, links: 2, rumours: 2, interval: 5, interest: 4, delay: 1, lookahead: 0.5 };
  const series = (from: number): Int32Array => Int32Array.from({ length: 365 }, (_, day) => from + day);
  const people = { susceptible: 91, exposed: 7, infectious: 3, recovered: 2 };
  test.each<[string, unknown]>([
    [
      'airline',
      {
        departures: [{ to: 'LAX', flights: 100, duration: 9000, phase: 0.25 }],
        people,
        seats: 70,
        disease: { transmission: 0.3, latency: 4, infectious: 7 },
        series: {
          susceptible: series(1),
          exposed: series(2),
          infectious: series(3),
          recovered: series(4),
        },
        next: Float64Array.of(17.5),
        flown: Int32Array.of(12),
        hours: 34,
        departed: 12,
        landed: 11,
        arrivalDay: 1,
      },
    ],
    ['gossip', { setting, seed: 3, first: 4, degree: 2, known: 3, heard: 2, hops: 6 }],
    [
      'phold',
      { agents: 9, events: 2, remote: 0.5, end: 8, delay: 'ticks', mean: 1, lookahead: 0, tick: 0.5 },
    ],
  ])('of %s keep all that they are', (name, state) => {
    const [agentClass] = modelOf(name).agents as unknown as {
      restore(state: unknown): { snapshot(): unknown };
    }[];
    expect(agentClass?.restore(structuredClone(state)).snapshot()).toEqual(state);
  });
});

describe('a placement', () => {
  test.each([
    ['gossip', ['--agents', '2000'], 'in-process'],
    ['airline', ['--until', String(4 * DAY)], 'threads'],
  ])(
    'that one run of %s %j saves halves at least what crosses in the next, %s',
    async (name, options, transport) => {
      const file = join(folder, `${name}-${transport}.json`);
      const common = [name, ...options, '--transport', transport];
      const first = await sim(...common, '--place', 'round-robin', '--save-placement', file);
      expect(first.err).toBe('');
      const before = /^before {4}([\d.]+) % of the messages crossed, load balance (\d\.\d\d)$/m.exec(
        first.out,
      );
      const after = /^saved {5}\S+: with it, ([\d.]+) % would cross, load balance (\d\.\d\d)$/m.exec(
        first.out,
      );
      const second = await sim(...common, '--placement', file);
      const used = /^placement \S+: ([\d.]+) % of the messages crossed, load balance (\d\.\d\d)/m.exec(
        second.out,
      );
      // What was on its way when the time was over was sent, but not yet counted.
      expect(Math.abs(Number(used?.[1]) - Number(after?.[1]))).toBeLessThan(1);
      expect(second.out).toContain(`between (${used?.[1]} %)`);
      expect(Number(used?.[1])).toBeLessThanOrEqual(Number(before?.[1]) / 2);
      expect(Number(used?.[2])).toBeLessThan(1.1);
      const digest = (out: string): string | undefined => /^digest {4}(\w{16})$/m.exec(out)?.[1];
      expect(digest(first.out)).toMatch(/^\w{16}$/);
      expect(digest(second.out)).toBe(digest(first.out));
    },
    60_000,
  );

  test('that is for others is refused before the run', async () => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const placed = (...clusters: unknown[][]): string =>
      JSON.stringify({ format: 'troupe-placement', version: 1, clusters });
    const good = file('good.json', placed([[0, 49]], [[50, 99]]));
    const three = file('three.json', placed([1], [2], [3]));
    const wrong: [string[], RegExp][] = [
      [['--placement', join(folder, 'nowhere.json')], /nowhere\.json cannot be read: ENOENT/],
      [['--placement', file('text.json', 'here')], /text\.json: .*it is not JSON.*--save-placement/],
      [['--placement', file('list.json', '{"agents":[]}')], /list\.json: .*its format is undefined/],
      [['--placement', file('twice.json', placed([1], [1]))], /twice\.json: .*agent 1 is there twice/],
      [['--placement', three], /three\.json is for 3 clusters, and this run has 2: give --clusters 3/],
      [['--placement', file('other.json', placed(['LAX'], ['JFK']))], /lists none of the agents of gossip/],
      [['--placement', good, '--place', 'round-robin'], /--place and --placement both say/],
      [['--place', 'best'], /--place is "best": give round-robin/],
      [['--save-placement', join(folder, 'no', 'where.json')], /where\.json cannot be written: ENOENT/],
      [['--save-placement', folder], /is a folder/],
      [['--save-placement', join(folder, 'a.json'), '--clusters', '1'], /give --clusters 2 or more/],
      [['--save-placement', join(folder, 'a.json'), '--rebalance'], /leave one out/],
      [['--rebalance', '--clusters', '1'], /give --clusters 2 or more/],
    ];
    const { model, clusters: usual } = CATALOGUE['gossip'] as Sim;
    for (const [args, text] of wrong) {
      const place = (): Placing => {
        const command = parseCommand(['--agents', '100', ...args], model.params ?? {});
        const { placement, params, seed, clusters = usual } = command;
        return new Placing(placement, model, { params, seed, clusters });
      };
      expect(place).toThrow(UsageError);
      expect(place).toThrow(text);
    }
    const refused = await sim('gossip', '--agents', '100', '--placement', three);
    expect(refused.status).toBe(2);
    expect(refused.err.trimEnd().split('\n')).toHaveLength(1);
    const { status, out } = await sim('gossip', '--agents', '120', '--placement', good);
    expect(status).toBe(0);
    expect(out).toMatch(/it lists 100 of 120 agents, the others are where the model puts them$/m);
  }, 60_000);

  test('is saved of a sim that is stepped through where nothing is asked of it', async () => {
    const file = join(folder, 'stepped.json');
    const { status, out } = await sim(
      'fission',
      '--atoms',
      '100',
      '--clusters',
      '2',
      '--save-placement',
      file,
    );
    expect(status).toBe(0);
    expect(out).toMatch(/^saved /m);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'troupe-placement' });
  });
});

describe('rebalancing a sim', () => {
  test.each([
    ['airline', ['--until', String(8 * DAY), '--place', 'round-robin']],
    ['gossip', ['--agents', '2000', '--rumours', '8']],
  ])(
    '%s %j does not show in its digest',
    async (name, options) => {
      const moving = await sim(name, ...options, '--rebalance');
      expect(moving.err).toBe('');
      expect(moving.out).toMatch(/^moved {5}(nobody: |[\d,]+ agents at )/m);
      const { digest } = await reportOf(name, ...options);
      expect(moving.out).toContain(`digest    ${digest}`);
    },
    60_000,
  );

  test('is told look by look, as far as anybody moved', async () => {
    const rebalances = [
      {
        simTime: 1.5,
        moved: 1200,
        crossing: { before: 0.5, after: 0.1 },
        balance: { before: 1, after: 1.04 },
      },
      { simTime: 9, moved: 0, crossing: { before: 0.1, after: 0.1 }, balance: { before: 1.04, after: 1.04 } },
    ];
    const lines = (looks: Report['rebalances']): Promise<readonly unknown[]> =>
      new Placing(wish({ rebalance: true }), modelOf('gossip'), { params: {}, seed: 1, clusters: 2 }).after(
        undefined as never,
        { rebalances: looks } as Report,
      );
    expect(await lines(rebalances)).toEqual([
      ['moved', '1,200 agents at 1.5 s: crossing 50.0 % → 10.0 %, balance 1.00 → 1.04'],
    ]);
    expect(await lines(rebalances.slice(1))).toEqual([['moved', 'nobody: nothing better was found']]);
    expect(await lines([])).toEqual([['moved', 'nobody: the run was over before the first look']]);
  });

  test('names what cannot move, in one line', async () => {
    const { status, err } = await sim('auction', '--rebalance');
    expect(err).toMatch(/^agents of \w+ cannot move: \w+ has #private members/);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(2);
  });
});
