import { expect, test } from 'vitest';
import { choose } from '../src/choose.ts';
import { eventsPerSecond } from '../src/harness/external.ts';
import { inTurn, median, resultsOf } from '../src/harness/race.ts';
import type { Case, Contestant, Outcome } from '../src/harness/suite.ts';
import { tableOf } from '../src/harness/table.ts';
import { throughput } from '../src/harness/throughput.ts';

const contestant = (name: string): Contestant => ({ name, run: () => ({ value: 1 }) });

const RACE: Case = {
  name: 'race',
  help: 'a race',
  unit: 'events/s',
  better: 'more',
  contestants: [contestant('ours'), contestant('peer')],
};

test('the median is the middle value, or the mean of the middle two', () => {
  expect(median([3])).toBe(3);
  expect(median([10, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 4])).toBe(3);
  expect(median([2, 10, 100, 9, 1])).toBe(9);
});

test('contestants run in turn', async () => {
  const log: string[] = [];
  const outcomes = await inTurn(RACE.contestants, 3, async ({ name }) => {
    log.push(name);
    return { value: log.length };
  });
  expect(log).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer']);
  expect(outcomes.map((runs) => runs.map(({ value }) => value))).toEqual([
    [1, 3, 5],
    [2, 4, 6],
  ]);
});

test('a result has the median and the single figures; further figures are cases of their own', () => {
  const entry: Case = { ...RACE, also: { growth: { unit: 'bytes', better: 'less' } } };
  const runs: Outcome[] = [
    { value: 30, also: { growth: 7 } },
    { value: 10, also: { growth: 5 } },
    { value: 20, also: { growth: 6 } },
  ];
  expect(resultsOf('suite', entry, [['ours', runs]])).toEqual([
    { suite: 'suite', case: 'race', contestant: 'ours', value: 20, unit: 'events/s', runs: [30, 10, 20] },
    { suite: 'suite', case: 'race-growth', contestant: 'ours', value: 6, unit: 'bytes', runs: [7, 5, 6] },
  ]);
});

test('a contestant that did something else than the others is refused', () => {
  const outcomes = [
    ['ours', [{ value: 1, checks: { events: 5, digest: 'a' } }]],
    ['peer', [{ value: 1, checks: { events: 4 } }]],
  ] as const;
  expect(() => resultsOf('suite', RACE, outcomes)).toThrow(
    'race: peer did not do what ours did: events is 4, not 5',
  );
  expect(
    resultsOf('suite', RACE, [outcomes[0], ['peer', [{ value: 1, checks: { events: 5 } }]]]),
  ).toHaveLength(2);
});

test.each([
  ['more', 4, 2, '2.00 ×'],
  ['more', 1, 2, '0.50 ×'],
  ['less', 4, 2, '0.50 ×'],
  ['less', 1, 2, '2.00 ×'],
] as const)('where %s is better, %d against %d is %s', (better, ours, peer, ratio) => {
  const entry: Case = { ...RACE, better };
  const table = tableOf(
    entry,
    resultsOf('suite', entry, [
      ['ours', [{ value: ours }]],
      ['peer', [{ value: peer }]],
    ]),
  );
  expect(table[1]).toBe(`suite race   events/s, ${better} is better`);
  expect(table[2]).toContain(ratio);
  expect(table[3]).toContain('1.00 ×');
  const bars = table.slice(2).map((line) => line.split('█').length - 1);
  expect(bars).toEqual([ours, peer].map((value) => (value / Math.max(ours, peer)) * 24));
});

test('a growth below 0 has no ratio and the shortest bar', () => {
  const table = tableOf(
    RACE,
    resultsOf('suite', RACE, [
      ['ours', [{ value: -1 }]],
      ['peer', [{ value: 2 }]],
    ]),
  );
  expect(table[2]).toMatch(/^ {2}ours +-1\.00 {2}█ +$/);
});

test.each([
  ['1,234,567.5 events/s', 1_234_567.5],
  ['speed     5_000 events/s, 12 times real time', 5000],
  ['\tEvent Rate (events/sec)                           1234567.8\n', 1234567.8],
  ['events per second: 1.5e6', 1.5e6],
  ['warm-up 10 events/s\nmeasured 20 events/sec', 20],
  ['processed 12 events in 3 s', undefined],
  ['', undefined],
])('a figure in events per second is found in %j', (output, value) => {
  expect(eventsPerSecond(output)).toBe(value);
});

test('who cannot run here is told of and left out', () => {
  const complaints: string[] = [];
  const suite = {
    name: 'suite',
    help: '',
    cases: [
      { ...RACE, contestants: [contestant('ours'), { ...contestant('peer'), unable: () => 'no peer' }] },
    ],
  };
  const options = { suite: undefined, only: undefined, external: [] };
  const [chosen] = choose([suite], options, (line) => complaints.push(line));
  expect(chosen?.entry.contestants.map(({ name }) => name)).toEqual(['ours']);
  expect(complaints).toEqual(['NOT MEASURED: suite race peer: no peer']);
});

test('a throughput is events over the time that they took, without the warm-up', async () => {
  const work = { smoke: false, seconds: 2, clock: 'wall', lookahead: 0.1 } as const;
  let time = 0;
  const slices: number[] = [];
  const value = await throughput(
    work,
    (wanted) => {
      slices.push(wanted);
      // Cold, an event takes 10 µs; warm, 1 µs.
      time += wanted * (time < 0.2 ? 1e-5 : 1e-6);
      return wanted;
    },
    () => time,
  );
  expect(value).toBeCloseTo(1e6, 3);
  expect(slices.slice(0, 3)).toEqual([1000, 10_000, 10_000]);
  // Once warm, slices of a tenth of a second for 2 s.
  expect(slices.slice(-20).every((wanted) => Math.abs(wanted - 100_000) <= 1)).toBe(true);
});

test('a smoke test measures one slice', async () => {
  const work = { smoke: true, seconds: 0, clock: 'cpu', lookahead: 0.1 } as const;
  const slices: number[] = [];
  const value = await throughput(work, (wanted) => slices.push(wanted));
  expect(slices).toEqual([1000]);
  expect(value).toBeGreaterThan(0);
});
