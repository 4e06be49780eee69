import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../src/command-line.ts';
import { diff } from '../src/commands/diff.ts';
import { reportOf, sim } from './command.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-logs-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('--log', () => {
  test('writes every delivery, the same wherever the agents are', async () => {
    const [one, two] = await Promise.all([
      reportOf('chain', '--agents', '20', '--clusters', '1', '--log', at('one.ndjson')),
      reportOf('chain', '--agents', '20', '--clusters', '3', '--log', at('two.ndjson')),
    ]);
    const text = readFileSync(at('one.ndjson'), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(one?.events as number);
    expect(readFileSync(at('two.ndjson'), 'utf8')).toBe(text);
    expect(two?.digest).toBe(one?.digest);
    const { status, out } = await sim('diff', at('one.ndjson'), at('two.ndjson'));
    expect([status, out]).toEqual([0, `the same ${one?.events} events in both\n`]);
  });

  test('takes the place of what airline shows', async () => {
    const { status, out } = await sim('airline', '--until', '1000', '--log', at('airline.ndjson'));
    expect(status).toBe(0);
    expect(out).toContain('ended     as told at 1000 s');
  });

  test('ends a run whose log cannot be written', async () => {
    const { status, err } = await sim('conveyors', '--lines', '1000', '--log', at('none/x.ndjson'));
    expect(status).toBe(2);
    expect(err).toMatch(/^--log .*x\.ndjson cannot be written: ENOENT/);
  });
});

describe('diff', () => {
  test('names agent, time and message where two logs part, with status 1', async () => {
    await reportOf('chain', '--agents', '20', '--log', at('a.ndjson'));
    const lines = readFileSync(at('a.ndjson'), 'utf8').trimEnd().split('\n');
    const third = JSON.parse(lines[2] as string);
    const changed = { ...third, body: { ...third.body, hops: 7.5 } };
    const write = (name: string, text: readonly string[]): void =>
      writeFileSync(at(name), `${text.join('\n')}\n`);
    write('changed.ndjson', lines.toSpliced(2, 1, JSON.stringify(changed)));
    write('shorter.ndjson', lines.slice(0, 2));
    write('without.ndjson', lines.toSpliced(2, 1));

    const body = await sim('diff', at('a.ndjson'), at('changed.ndjson'));
    expect(body.status).toBe(1);
    expect(body.out).toContain(
      `they part after 2 events, at time 0 s, round 2: agent ${third.to} gets another message`,
    );
    expect(body.out).toContain(`  body.hops is 2 in ${at('a.ndjson')} and 7.5 in ${at('changed.ndjson')}`);
    expect(body.out).toMatch(/"signatures" from agent \d+, sent at 0 s, body \{"signed":/);

    const shorter = await sim('diff', at('a.ndjson'), at('shorter.ndjson'));
    expect(shorter.status).toBe(1);
    expect(shorter.out).toContain(`agent ${third.to} gets a message in ${at('a.ndjson')} only`);
    expect(shorter.out).toContain('has ended');

    const without = await sim('diff', at('without.ndjson'), at('a.ndjson'), '--json');
    expect(without.status).toBe(1);
    expect(JSON.parse(without.out)).toMatchObject({
      equal: false,
      events: 2,
      kind: 'only-b',
      agent: third.to,
    });
  });

  test('refuses what it cannot compare, in one line, with status 2', async () => {
    writeFileSync(at('nonsense.ndjson'), '{"time":1}\n');
    const wrong: [string[], RegExp][] = [
      [[], /diff takes two event logs, not 0/],
      [['a', 'b', 'c'], /not 3/],
      [[at('missing'), at('missing')], /missing cannot be read: ENOENT/],
      [[at('nonsense.ndjson'), at('nonsense.ndjson')], /nonsense\.ndjson cannot be read: line 1 /],
      [['--colour', 'a', 'b'], /--colour/],
    ];
    for (const [args, text] of wrong) {
      const refused = await diff.run(args, () => {}).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(UsageError);
      expect((refused as Error).message).toMatch(text);
    }
    const { status, err } = await sim('diff', at('missing'), at('missing'));
    expect([status, err.trimEnd().split('\n').length]).toEqual([2, 1]);
  });

  test('is listed with its help', async () => {
    const { out } = await sim('--help');
    expect(out).toContain('npm run sim -- diff A B');
    expect(out).toContain('npm run sim -- check MODEL');
    const lines: string[] = [];
    expect(await diff.run(['--help'], (line) => lines.push(line))).toBe(0);
    expect(lines.join('\n')).toContain('Exit status: 0 they are the same');
  });
});
