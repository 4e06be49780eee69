import { describe, expect, test } from 'vitest';
import { reportOf, sim } from './command.ts';

const PLACES: readonly (readonly [clusters: string, transport: string])[] = [
  ['1', 'in-process'],
  ['2', 'in-process'],
  ['1', 'threads'],
  ['2', 'threads'],
  ['3', 'threads'],
];

function everywhere(name: string, ...options: string[]) {
  return Promise.all(
    PLACES.map(([clusters, transport]) =>
      reportOf(name, '--clusters', clusters, '--transport', transport, ...options),
    ),
  );
}

describe('chain', () => {
  test('ends when all have signed, with the one who saw it', async () => {
    const report = await reportOf('chain', '--agents', '10', '--seed', '3');
    expect(report).toMatchObject({ reason: 'stopped', simTime: 0 });
    const { signed, trail, hops } = report.results;
    expect([...signed].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(trail).toHaveLength(hops + 1);
    expect(new Set(trail).size).toBe(10);
    for (let hop = 1; hop < trail.length; hop += 1) expect(trail[hop]).not.toBe(trail[hop - 1]);
    // Nobody goes on when the contract is made.
    expect(report.events).toBe(hops + 1);
  });

  test('is the same chain wherever the agents are, and another for another seed', async () => {
    const reports = await everywhere('chain', '--agents', '50');
    expect(new Set(reports.map(({ digest }) => digest)).size).toBe(1);
    expect((await reportOf('chain', '--agents', '50', '--seed', '2')).digest).not.toBe(reports[0]?.digest);
  });

  test('prints its trail', async () => {
    const { status, out } = await sim('chain');
    expect(status).toBe(0);
    expect(out).toMatch(/^trail {5}1 > \d( > \d)+$/m);
    expect(out).toMatch(/^contract {2}made by agent \d, signed by 4$/m);
  });
});

describe('conveyors', () => {
  const HANDOVERS = [
    { line: 1, from: 1, to: 2, time: 0.75 },
    { line: 1, from: 2, to: 3, time: 2.75 },
    { line: 1, from: 3, to: 4, time: 4.75 },
  ];

  test('hand over at 0.75, 2.75 and 4.75 s; three messages cross between two clusters', async () => {
    for (const [clusters, crossing] of [
      ['1', 0],
      ['2', 3],
      ['4', 9],
    ] as const) {
      const report = await reportOf('conveyors', '--clusters', clusters);
      expect(report).toMatchObject({ reason: 'stopped', simTime: 4.75, remote: crossing });
      expect(report.results.handovers).toEqual(HANDOVERS);
    }
  });

  test('are not overtaken by the clock of a timer in one cluster', async () => {
    for (const period of ['0.1', '0.3', '1.7']) {
      const reports = await everywhere('conveyors', '--timer', period);
      for (const report of reports) {
        expect(report.simTime).toBe(4.75);
        expect(report.results.handovers).toEqual(HANDOVERS);
      }
      expect(new Set(reports.map(({ digest }) => digest)).size).toBe(1);
    }
  });

  test('run on many lines, and on long ones', async () => {
    const reports = await everywhere('conveyors', '--lines', '50', '--length', '6');
    expect(new Set(reports.map(({ digest }) => digest)).size).toBe(1);
    expect(reports[0]).toMatchObject({ reason: 'stopped', simTime: 8.75 });
  });
});

describe('airline', () => {
  test('flies the whole year alike in one thread and on two, and loses nobody', async () => {
    const threads = await reportOf('airline', '--clusters', '2', '--transport', 'threads');
    const alone = await reportOf('airline', '--clusters', '1', '--transport', 'in-process');
    for (const { reason, results } of [threads, alone]) {
      expect(reason).toBe('idle');
      expect(results).toMatchObject({ flights: 7_009_728, airports: 305 });
    }
    expect(threads.digest).toBe(alone.digest);
    expect(threads.results).toEqual(alone.results);
    expect(threads.remote).toBeGreaterThan(1_000_000);
  }, 180_000);
});

describe('the command line', () => {
  test('lists the sims when none is named', async () => {
    const { status, out } = await sim();
    expect(status).toBe(0);
    for (const name of ['airline', 'chain', 'conveyors']) expect(out).toContain(`  ${name} `);
  });

  test('tells the options of a sim', async () => {
    const { status, out } = await sim('airline', '--help');
    expect(status).toBe(0);
    expect(out).toMatch(/--origin TEXT .*\(default JFK\)/);
    expect(out).toMatch(/--model-speed N .*km\/h/);
  });

  test('refuses what makes no sense, in one line', async () => {
    const wrong: [string[], RegExp][] = [
      [['nothing'], /there is no sim "nothing"/],
      [['chain', '--agents', 'many'], /--agents is "many": give a number/],
      [['chain', '--agents', '1'], /parameter agents is 1: give a whole number from 2/],
      [['chain', '--transport', 'pigeon'], /--transport is "pigeon"/],
      [['chain', '--color', 'red'], /--color/],
      [['airline', '--origin', 'XYZ', '--json'], /origin is "XYZ"/],
      [['chain', '--clusters', '2.5'], /clusters is 2.5: give a whole number/],
      [['chain', '--speed', '0'], /speed is 0/],
    ];
    for (const [args, text] of wrong) {
      const { status, err } = await sim(...args);
      expect(status).toBe(2);
      expect(err).toMatch(text);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  test('prints every member that programs rely on', async () => {
    const report = await reportOf('conveyors');
    for (const member of [
      'reason',
      'simTime',
      'wallTime',
      'ratio',
      'events',
      'local',
      'remote',
      'barriers',
      'digest',
      'results',
    ]) {
      expect(report).toHaveProperty(member);
    }
  });

  test('runs for as long as it is told', async () => {
    expect(await reportOf('conveyors', '--until', '3')).toMatchObject({ reason: 'until', simTime: 3 });
    expect(await reportOf('airline', '--until', '86400')).toMatchObject({ reason: 'until', simTime: 86400 });
    const { status, out } = await sim('conveyors', '--until', '3');
    expect(status).toBe(0);
    expect(out).toContain('ended     as told at 3 s');
  });

  test('shows what came of it when the model ended before it had to', async () => {
    for (const [name, line] of [
      ['conveyors', '4.75 s  line 1: conveyor 3 to 4'],
      ['chain', 'contract  made by'],
    ] as const) {
      const { status, out } = await sim(name, '--until', '10');
      expect(status).toBe(0);
      expect(out).toContain(line);
    }
  });
});
