import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../src/catalogue.ts';
import { sim } from './command.ts';

interface Checked {
  readonly status: number;
  readonly text: string;
}

const FIXTURES = join(import.meta.dirname, 'fixtures');
const MODEL = join(FIXTURES, 'undisciplined.ts');

async function checkMany(commands: readonly (readonly string[])[]): Promise<Checked[]> {
  const args = ['--conditions=@troupe/source', join(FIXTURES, 'check-many.ts'), JSON.stringify(commands)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** By breach: what is said of it, beside that the model is not deterministic. */
const BREACHES: Readonly<Record<string, readonly RegExp[]>> = {
  random: [
    /agent 0 uses Math\.random on topic "tick": .*this\.random/,
    /at time 4 s, round 0, .*undisciplined\.ts:\d+/,
  ],
  clock: [/agent 0 uses new Date on topic "tick": .*this\.time/],
  import: [/agent 0 makes a promise on topic "tick"/],
  delay: [/agent 0 sends "note" to agent 1 with a delay of 0\.25, but .* lookahead of 0\.5/, /at time 4 s/],
  loaded: [
    /the run "1 cluster, once more" takes another course/,
    /at time 5 s, round 0: agent 0 gets another message/,
    /body\.n is \d+ in 1 cluster and \d+ in 1 cluster, once more/,
    /sent by agent 5 while it handled .*"tick" at time 4 s/,
    /likely: randomness or a clock/,
  ],
  // In which order agents of one round are called is nobody's business, and so is who counts as the how many.
  counter: [
    /the run "2 clusters" takes another course/,
    /at time 5 s, round 0: agent \d gets another message/,
    /body\.n is \d in 1 cluster and \d in 2 clusters/,
    /sent by agent \d while it handled .*"tick" at time 4 s/,
    /likely: something that agents of one cluster share/,
  ],
  set: [/the run "2 clusters" takes another course/, /agent 0 gets another message/, /likely: .* share/],
  body: [
    /the run "1 cluster, not strict" takes another course/,
    /body\.n is \d+ in 1 cluster and \d+ in 1 cluster, not strict/,
    /likely: a body that an agent goes on using after it has sent it/,
  ],
  elsewhere: [
    /the run "2 clusters, placed otherwise" takes another course/,
    /likely: something that agents of one cluster share/,
  ],
  report: [/agent \d got the same messages, but reports \d as "place", and then \d/],
};

describe('check', () => {
  test('finds each breach of discipline and names who, when, where and why', async () => {
    const checked = await checkMany(
      Object.keys(BREACHES).map((kind) => [MODEL, '--kind', kind, '--clusters', '2']),
    );
    for (const [index, [kind, said]] of Object.entries(BREACHES).entries()) {
      const { status, text } = checked[index] as Checked;
      expect([kind, status]).toEqual([kind, 1]);
      for (const expected of [/not deterministic: /, ...said]) expect(text).toMatch(expected);
    }
  }, 120_000);

  test('lets every sim pass, and a model that does no wrong', async () => {
    const names = Object.keys(CATALOGUE);
    const few = ['--max-events', '2000', '--clusters', '2'];
    const checked = await checkMany([
      [MODEL, '--members', '1', '--seed', '5'],
      [MODEL, '--until', '5'],
      ...names.map((name) => [name, ...few]),
    ]);
    for (const [index, { status, text }] of checked.entries()) {
      expect([index, status]).toEqual([index, 0]);
      expect(text).toContain('deterministic: 5 runs, one course');
    }
    expect(checked).toHaveLength(names.length + 2);
  }, 120_000);

  test('tells a model that fails from one that is not deterministic', async () => {
    const [failed] = await checkMany([[MODEL, '--kind', 'throw']]);
    expect(failed?.status).toBe(1);
    expect(failed?.text).toMatch(/the model fails: agent 0 threw on topic "tick" at time 4 .*: out of order/);
    expect(failed?.text).not.toContain('deterministic');
  });

  test('tells its options and those of the model', async () => {
    const { status, out } = await sim('check', 'chain', '--help');
    expect(status).toBe(0);
    expect(out).toMatch(/--max-events N .*100000/);
    expect(out).toMatch(/--agents N .*how many must sign/);
    expect((await sim('check', '--help')).out).toContain('Exit status: 0 deterministic, 1 not');
    expect((await sim('check')).status).toBe(2);
  });
});

describe('a model from elsewhere', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-guest-'));
    cpSync(MODEL, join(folder, 'guest.ts'));
    writeFileSync(join(folder, 'broken.mjs'), 'throw new Error("will not load");');
    writeFileSync(join(folder, 'nothing.mjs'), 'export default 7;');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('is checked by its path and by its URL', async () => {
    const path = join(folder, 'guest.ts');
    const checked = await checkMany([
      [path, '--max-events', '50'],
      [pathToFileURL(path).href, '--max-events', '50', '--kind', 'random'],
    ]);
    expect(checked.map(({ status }) => status)).toEqual([0, 1]);
    expect(checked[1]?.text).toContain('guest.ts:');
  });

  test('is refused in one line when there is nothing to run', async () => {
    const wrong: [string[], RegExp][] = [
      [['nowhere.ts'], /there is neither a sim nor a file "nowhere\.ts"/],
      [[join(folder, 'broken.mjs')], /cannot be loaded: will not load/],
      [[join(folder, 'nothing.mjs')], /is no model/],
      [['chain', '--clusters', '1'], /--clusters is 1: give a whole number from 2/],
      [['chain', '--agents', '1'], /parameter agents is 1/],
      [['chain', '--max-events', '0'], /maxEvents is 0/],
      [['chain', '--color', 'red'], /--color/],
    ];
    const checked = await checkMany(wrong.map(([args]) => args));
    for (const [index, { status, text }] of checked.entries()) {
      expect(text).toMatch(wrong[index]?.[1] as RegExp);
      expect([index, status, text.split('\n').length]).toEqual([index, 2, 1]);
    }
    const { status, err } = await sim('check', 'chain', '--max-events', '0');
    expect([status, err]).toEqual([2, 'maxEvents is 0: give 1 or more\n']);
  });
});
