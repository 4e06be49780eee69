import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCsv } from '../src/sweep/csv.ts';
import { parseSweep } from '../src/sweep/options.ts';
import { reportOf, sim } from './command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-sweep-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);

/** The rows of a CSV as objects. */
async function table(name: string): Promise<Record<string, string>[]> {
  const rows: string[][] = [];
  for await (const row of readCsv([readFileSync(file(name), 'utf8')])) rows.push(row);
  const [head = [], ...body] = rows;
  return body.map((row) => Object.fromEntries(head.map((title, index) => [title, row[index] ?? ''])));
}

/** Checks that every element is closed, in order; answers their names. */
function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, closing, name = '', alone] of svg.matchAll(
    /<(\/?)([a-zA-Z]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (alone !== '/') open.push(name);
    }
  }
  expect(open).toEqual([]);
  // Nothing looks like an element without being one.
  expect(svg.match(/</g)).toHaveLength(svg.match(/<\/?[a-zA-Z][^<>]*>/g)?.length ?? 0);
  return names;
}

describe('a sweep', () => {
  test('writes the same rows in the same order, whatever runs side by side', async () => {
    const args = ['sweep', 'chain', '--vary', 'agents=2..30:7', '--repeat', '3', '--seed', '5'];
    for (const jobs of ['1', '2']) {
      const { status, out, err } = await sim(...args, '--jobs', jobs, '--out', file(`chain-${jobs}.csv`));
      expect(err).toBe('');
      expect(status).toBe(0);
      expect(out).toContain(`rows      15 in ${file(`chain-${jobs}.csv`)}`);
    }
    const text = readFileSync(file('chain-1.csv'), 'utf8');
    expect(readFileSync(file('chain-2.csv'), 'utf8')).toBe(text);
    expect(readFileSync(file('chain-2.svg'), 'utf8')).toBe(readFileSync(file('chain-1.svg'), 'utf8'));
    const rows = await table('chain-1.csv');
    expect(Object.keys(rows[0] ?? {})).toEqual([
      ...['agents', 'seed', 'reason', 'simTime', 'events', 'digest', 'hops'],
    ]);
    expect(rows.map(({ agents, seed }) => [Number(agents), Number(seed)])).toEqual(
      [2, 9, 16, 23, 30].flatMap((agents) => [5, 6, 7].map((seed) => [agents, seed])),
    );
    const single = await reportOf('chain', '--agents', '16', '--seed', '6');
    expect(rows[7]).toEqual({
      agents: '16',
      seed: '6',
      reason: 'stopped',
      simTime: '0',
      events: String(single.events),
      digest: single.digest,
      hops: String(single.results.hops),
    });
  });

  test('draws a plot of what was asked for, line by line', async () => {
    const args = ['--vary', 'jobs=2,4,6', '--vary', 'longest=5,50', '--repeat', '2', '--jobs', '2'];
    const to = ['--out', file('jobs.csv'), '--plot', 'y=offers,band=deviation'];
    const { status, out } = await sim('sweep', 'scheduling', ...args, ...to);
    expect(status).toBe(0);
    expect(out).toContain(`plot      offers in ${file('jobs.svg')}`);
    const svg = readFileSync(file('jobs.svg'), 'utf8');
    expect(elementsOf(svg)[0]).toBe('svg');
    for (const text of ['scheduling: offers', 'one standard deviation', '>jobs<', '>longest<', '>50<']) {
      expect(svg).toContain(text);
    }
    // Two lines, two bands, three points on each line.
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(2);
    expect(svg.match(/aria-roledescription="area mark"/g)).toHaveLength(2);
    expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(6);
    expect(await table('jobs.csv')).toHaveLength(12);
  });

  test('plots names as well as numbers, and by itself what varies', async () => {
    const { out } = await sim(
      ...['sweep', 'phold', '--vary', 'delay=exponential,constant', '--agents', '9', '--end', '9'],
      ...['--repeat', '2', '--jobs', '2', '--out', file('names.csv')],
    );
    // The number of messages is the same in all runs.
    expect(out).toContain('plot      hopsPerMessage in');
    const svg = readFileSync(file('names.svg'), 'utf8');
    elementsOf(svg);
    expect(svg).toContain('>exponential<');
    expect(svg).toContain('>constant<');
  });

  test('reports a run that fails with its parameters, and keeps the others', async () => {
    const { status, out, err } = await sim(
      ...['sweep', 'phold', '--vary', 'lookahead=2,0.5', '--vary', 'mean=1,3', '--agents', '5', '--end', '3'],
      ...['--jobs', '2', '--out', file('failed.csv')],
    );
    expect(status).toBe(1);
    expect(err).toMatch(
      /^failed {4}lookahead=2 mean=1 seed=1: .*lookahead is 2: give at most the mean delay/,
    );
    expect(out).toContain('failed    1 of 4 runs');
    const rows = await table('failed.csv');
    expect(rows.map(({ reason }) => reason)).toEqual(['failed', 'idle', 'idle', 'idle']);
    expect(rows[0]).toMatchObject({
      lookahead: '2',
      mean: '1',
      'model-events': '16',
      events: '',
      digest: '',
    });
  });

  test('has a CSV even where every run fails', async () => {
    const { status, out } = await sim(
      ...['sweep', 'phold', '--vary', 'lookahead=2,3', '--jobs', '1', '--out', file('none.csv')],
    );
    expect(status).toBe(1);
    expect(out).not.toContain('plot');
    expect((await table('none.csv')).map(({ lookahead, reason }) => [lookahead, reason])).toEqual([
      ['2', 'failed'],
      ['3', 'failed'],
    ]);
  });

  test('ends its runs at a time, on threads, with parameters of the same name as an option', async () => {
    const { status } = await sim(
      ...['sweep', 'scheduling', '--model-jobs', '5', '--until', '3', '--clusters', '2', '--plot', 'none'],
      ...['--transport', 'threads', '--jobs', '1', '--out', file('until.csv')],
    );
    expect(status).toBe(0);
    expect(await table('until.csv')).toMatchObject([{ jobs: '5', reason: 'until', simTime: '3' }]);
    expect(existsSync(file('until.svg'))).toBe(false);
  });

  test('keeps what is done when it is interrupted', async () => {
    const main = join(import.meta.dirname, '..', 'src', 'main.ts');
    const args = ['sweep', 'chain', '--vary', 'agents=20', '--repeat', '1000000', '--jobs', '2'];
    const child = spawn(process.execPath, [
      ...['--conditions=@troupe/source', main, ...args, '--out', file('cut.csv')],
    ]);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const ended = once(child, 'close');
    const written = watch(folder);
    for await (const _ of onChange(written)) {
      if (existsSync(file('cut.csv')) && readFileSync(file('cut.csv'), 'utf8').split('\n').length > 20) break;
    }
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    const rows = await table('cut.csv');
    expect(out).toMatch(/^rows {6}[\d,]+ in /m);
    expect(out).toMatch(/^stopped {3}by SIGINT, with 999,\d+ of 1,000,000 runs left$/m);
    expect(readFileSync(file('cut.csv'), 'utf8').endsWith('\n')).toBe(true);
    for (const [index, row] of rows.slice(0, 20).entries()) {
      expect(row).toMatchObject({ seed: String(index + 1), reason: 'stopped' });
    }
  });

  test('refuses what makes no sense, in one line and before any run', async () => {
    const wrong: [string[], RegExp][] = [
      [['nothing'], /sweep "nothing": there is no such sim/],
      [['chain', '--vary', 'agents=1..3'], /parameter agents is 1/],
      [['chain', '--vary', 'agents=2', '--agents', '3'], /agents is both varied and given by --agents/],
      [['chain', '--vary', 'agents=2', '--vary', 'agents=3'], /agents is given twice/],
      [['chain', '--agents', '0'], /parameter agents is 0/],
      [['chain', '--repeat', '0'], /--repeat is 0: give a whole number from 1/],
      [['chain', '--jobs', '1.5'], /--jobs is 1.5: give a whole number/],
      [['chain', '--timeout', '0'], /--timeout is 0: give a number from 0.001/],
      [['chain', '--plot', 'hops'], /--plot is "hops"/],
      [['chain', '--plot', 'band=wide'], /--plot band is "wide"/],
      [['chain', '--no-plot'], /--no-plot/],
      [['chain', '--colour', 'red'], /--colour/],
    ];
    for (const [args, text] of wrong) {
      expect(() => parseSweep(args)).toThrow(text);
    }
    const { status, err } = await sim('sweep', 'chain', '--out', join(folder, 'no', 'such.csv'));
    expect(status).toBe(2);
    expect(err).toMatch(/^--out: ENOENT.*\n$/);
  });

  test('refuses a plot of what is no column as soon as it knows the columns', async () => {
    const { status, err } = await sim(
      ...['sweep', 'chain', '--plot', 'y=jumps', '--repeat', '1000000', '--out', file('y.csv')],
    );
    expect(status).toBe(2);
    expect(err).toMatch(/^--plot: there is no column jumps; there are agents, .*\n$/);
  });

  test('tells its options', async () => {
    for (const args of [[], ['--help'], ['chain', '--help']]) expect(parseSweep(args)).toBeUndefined();
    const { status, out } = await sim('sweep');
    expect(status).toBe(0);
    expect(out).toContain('--vary NAME=VALUES');
    expect((await sim()).out).toContain('npm run sim -- sweep NAME');
  });
});

/** Changes in a watched folder, and one to begin with. */
async function* onChange(watcher: ReturnType<typeof watch>): AsyncGenerator<void> {
  try {
    yield;
    for (;;) {
      await once(watcher, 'change');
      yield;
    }
  } finally {
    watcher.close();
  }
}
