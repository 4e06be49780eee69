import { expect, test } from 'vitest';
import type { Suite } from '../src/harness/suite.ts';
import { SUITES } from '../src/suites.ts';
import { bench, jsonLines } from './command.ts';

/** What a suite must print: `CASE CONTESTANT UNIT` of all that can run here. */
function expected({ cases }: Suite): string[] {
  return cases.flatMap((entry) => {
    const names = entry.contestants.filter(({ unable }) => unable?.() === undefined).map(({ name }) => name);
    const also = Object.entries(entry.also ?? {});
    return [
      ...names.map((name) => `${entry.name} ${name} ${entry.unit}`),
      ...also.flatMap(([key, { unit }]) => names.map((name) => `${entry.name}-${key} ${name} ${unit}`)),
    ];
  });
}

test.each(SUITES)(
  'a smoke test of suite $name runs every contestant of every case',
  { timeout: 120_000 },
  (suite) => {
    const ended = bench(suite.name, '--smoke', '--json');
    expect(ended.stderr.replace(/^NOT MEASURED: .*\n/gm, '')).toBe('');
    const [header, ...results] = jsonLines(ended);
    expect(header).toMatchObject({ node: process.versions.node, runs: 1, clock: 'wall' });
    expect(header).toHaveProperty('peers.nact');
    expect(results.map((result) => `${result['case']} ${result['contestant']} ${result['unit']}`)).toEqual(
      expected(suite),
    );
    for (const result of results) {
      expect(Object.keys(result)).toEqual(['suite', 'case', 'contestant', 'value', 'unit', 'runs']);
      expect(result['suite']).toBe(suite.name);
      expect(result['runs']).toEqual([result['value']]);
      expect(Number.isFinite(result['value'])).toBe(true);
    }
    expect(ended.status).toBe(0);
  },
);

test('without a suite it lists suites, cases and contestants', () => {
  const { status, stdout } = bench();
  expect(status).toBe(0);
  for (const { name, cases } of SUITES) {
    expect(stdout).toContain(`\n${name}: `);
    for (const entry of cases) {
      expect(stdout).toContain(`  ${entry.name} `);
      expect(stdout).toContain(entry.contestants.map((contestant) => contestant.name).join(', '));
    }
  }
});

test('a readable smoke test of one case prints a table with ratios to the last contestant', () => {
  const { status, stdout } = bench('kernel', '--case', 'ring-100k', '--smoke');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^kernel ring-100k {3}messages\/s, more is better$/m);
  expect(stdout).toMatch(/^ {2}troupe +[\d,]+ {2}█+ +[\d.]+ ×$/m);
  expect(stdout).toMatch(/^ {2}EventEmitter +[\d,]+ {2}█+ +1\.00 ×$/m);
});

test('an external contestant is whatever prints a figure in events per second', () => {
  const command = `"${process.execPath}" -p "'Event Rate (events/sec)   1234567.5'"`;
  const ended = bench(
    'kernel',
    '--case',
    'phold-16k',
    '--smoke',
    '--json',
    '--external',
    `guest = ${command}`,
  );
  expect(ended.stderr).toBe('');
  expect(jsonLines(ended).at(-1)).toEqual({
    suite: 'kernel',
    case: 'phold-16k',
    contestant: 'guest',
    value: 1234567.5,
    unit: 'events/s',
    runs: [1234567.5],
  });
});

test('an external contestant that prints no such figure is named with what it printed', () => {
  const { status, stderr } = bench(
    ...['kernel', '--case', 'phold-16k', '--smoke', '--external', 'guest=echo nothing at all'],
  );
  expect(status).toBe(1);
  expect(stderr).toContain('guest printed no figure in events per second');
  expect(stderr).toContain('nothing at all');
});

test('a mistake on the command line is told without a stack', () => {
  expect(bench('kernle', '--smoke')).toEqual({
    status: 2,
    stdout: '',
    stderr: 'there is no suite "kernle": npm run bench lists them\n',
  });
});

test('figures are not taken from the sources', () => {
  const { status, stdout, stderr } = bench('kernel');
  expect(stderr).toContain('these are the sources, and figures are of the built packages');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
