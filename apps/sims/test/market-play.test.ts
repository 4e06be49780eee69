import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOGUE, type Sim } from '../src/catalogue.ts';
import { parseCommand } from '../src/command-line.ts';
import { Board, sparkline } from '../src/market/board.ts';
import { parseLine } from '../src/market/commands.ts';
import { runMarket } from '../src/market/play.ts';
import type { Outcome, Place } from '../src/run-sim.ts';
import { reportOf, sim } from './command.ts';

const market = CATALOGUE['market'] as Sim;
const folder = mkdtempSync(join(tmpdir(), 'market-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Gathers what is shown; whoever sits there answers it. */
class Show extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly #answer: (text: string) => void;

  constructor(answer: (text: string) => void = () => {}, isTTY = false) {
    super();
    this.#answer = answer;
    this.isTTY = isTTY;
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
    this.#answer(this.text);
  }
}

const HERE: Place = { clusters: 2, transport: 'in-process' };

/** Somebody buys at once, and quits when the shares are there. */
async function play(
  options: string[],
  isTTY = false,
  quit = 'quit\n',
): Promise<{ outcome: Outcome; shown: string }> {
  const input = Object.assign(new PassThrough(), { isTTY });
  let hasQuit = false;
  const show = new Show((text) => {
    if (hasQuit || !/bought \d+ ACME/.test(text)) return;
    hasQuit = true;
    input.write(quit);
  }, isTTY);
  input.write('buy ACME 3 60\nbuy NONE 1 1\n\nsell BOLT 5000 1\n');
  const command = parseCommand(options, market.model.params ?? {}, 'market');
  const outcome = await runMarket(market, command, HERE, input, show);
  return { outcome, shown: show.text };
}

test('what is typed is told apart from what makes no sense', () => {
  expect(parseLine('  Buy acme 10  101.5 ')).toEqual({
    kind: 'wish',
    wish: { symbol: 'ACME', buy: true, quantity: 10, price: 10150 },
  });
  expect(parseLine('sell HALO 1 0.29')).toMatchObject({ wish: { buy: false, price: 29 } });
  expect(parseLine('quit')).toEqual({ kind: 'quit' });
  expect(parseLine(' ')).toEqual({ kind: 'nothing' });
  for (const [line, why] of [
    ['hello', /say buy SYMBOL/],
    ['buy ACME 10', /say buy SYMBOL/],
    ['quit now', /say buy SYMBOL/],
    ['buy XYZ 1 1', /there is no XYZ: trade ACME/],
    ['buy ACME 1.5 1', /quantity is 1.5/],
    ['buy ACME 0 1', /quantity is 0/],
    ['buy ACME 1000001 1', /quantity is 1000001/],
    ['buy ACME 1 0', /price is 0/],
    ['buy ACME 1 1.005', /price is 1.005/],
    ['buy ACME 1 -1', /price is -1/],
    ['buy ACME 1 1e9', /price is 1e9/],
    ['buy ACME 1 10000000.01', /price is 10000000.01/],
  ] as const) {
    expect(parseLine(line)).toMatchObject({ kind: 'unknown', why: expect.stringMatching(why) });
  }
});

describe('the board', () => {
  test('shows quotes in columns, a sparkline, and the latest notes', () => {
    const board = new Board(['ACME', 'BOLT'], [5000, 10000]);
    board.see(1, 'ACME', { bid: 4990, ask: 5010, last: 5050, volume: 1234 });
    board.see(2.5, 'ACME', { bid: 0, ask: 5010, last: 4950, volume: 1240 });
    board.see(2, 'NONE', { bid: 1, ask: 1, last: 1, volume: 1 });
    for (let note = 1; note <= 7; note += 1) board.note(note, `note ${note}`);
    board.note(undefined, 'what?');
    expect(board.draw()).toEqual([
      '     2.5 s',
      '',
      '  market  bid    ask    last  change  volume',
      '  ──────  ───  ─────  ──────  ──────  ──────  ───',
      '  ACME      -  50.10   49.50  -1.0 %   1,240  ▅█▁',
      '  BOLT      -      -  100.00   0.0 %       0  ▁',
      '',
      ...[3, 4, 5, 6, 7].map((note) => `    ${note}.00 s  note ${note}`),
      '            what?',
    ]);
  });

  test('has sparklines from the least to the greatest value', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([5, 5])).toBe('▁▁');
    expect(sparkline([])).toBe('');
  });
});

describe('a run with somebody at the desk', () => {
  test('is recorded, and has the same digest when it is replayed, wherever agents live', async () => {
    const file = join(folder, 'run.ndjson');
    const { outcome, shown } = await play(['--record', file, '--speed', '50', '--seed', '9', '--day', '900']);
    expect(outcome.report).toMatchObject({ reason: 'stopped', by: { agent: 'you', reason: 'quit' } });
    expect(shown).toMatch(/^ +\d+\.\d\d s {2}buy 3 ACME at 60.00$/m);
    expect(shown).toMatch(/^ +\d+\.\d\d s {2}you have not 5000 BOLT$/m);
    expect(shown).toMatch(/^ +there is no NONE/m);
    expect(shown).toMatch(/^ +\d+\.\d\d s {2}quit$/m);
    expect(outcome.results['you']).toMatchObject({ shares: [203, 200, 200, 200] });
    const [head, ...inputs] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(head ?? '')).toMatchObject({ model: 'market', seed: 9, params: { day: 900 } });
    expect(inputs.map((line) => JSON.parse(line).topic)).toEqual(['wish', 'wish', 'quit']);
    const { digest, simTime } = outcome.report;
    for (const place of [
      ['--clusters', '1', '--transport', 'in-process'],
      ['--clusters', '2', '--transport', 'threads'],
      ['--clusters', '3', '--transport', 'threads'],
    ]) {
      expect(await reportOf('market', '--replay', file, ...place)).toMatchObject({ digest, simTime });
    }
    const printed = await sim('market', '--replay', file);
    expect(printed.out).toContain(`digest    ${digest}`);
    const watched = await sim('market', '--replay', file, '--speed', '1000');
    expect(watched.out).toContain(`digest    ${digest}`);
    expect(watched.out).toContain('bought');
    // The inputs matter.
    writeFileSync(file, `${[head, ...inputs.slice(1)].join('\n')}\n`);
    expect((await reportOf('market', '--replay', file)).digest).not.toBe(digest);
  }, 60_000);

  test('is drawn in place on a terminal, above the line that is typed', async () => {
    const { outcome, shown } = await play(['--speed', '50'], true);
    expect(outcome.report.by).toMatchObject({ reason: 'quit' });
    expect(shown).toContain('\u001b[2J');
    expect(shown.split('\u001b[H').length).toBeGreaterThan(2);
    expect(shown).toContain('> ');
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends with %s as with quit', async (_key, typed) => {
    const { outcome } = await play(['--speed', '50'], true, typed);
    expect(outcome.report.by).toMatchObject({ reason: 'quit' });
  });

  test('goes on to the end of the day when nobody types any more', async () => {
    const input = new PassThrough();
    input.end();
    const command = parseCommand(['--day', '20', '--speed', '100'], market.model.params ?? {}, 'market');
    const { report } = await runMarket(market, command, HERE, input, new Show());
    expect(report.by).toEqual({ agent: 'you', reason: 'closed' });
  });

  test('refuses what cannot be recorded or replayed, in one line', async () => {
    const file = join(folder, 'odd.ndjson');
    writeFileSync(file, '{"model":"market","seed":1}\n');
    const broken = join(folder, 'broken.ndjson');
    writeFileSync(broken, '{"model":"market","seed":1,"params":{}}\n{"time":\n');
    for (const [args, text] of [
      [['chain', '--record', file], /--record is an option of market/],
      [['market', '--record', file, '--json'], /leave one out/],
      [['market', '--record', join(folder, 'none', 'x')], /cannot be written/],
      [['market', '--replay', join(folder, 'none')], /cannot be read/],
      [['market', '--replay', file], /is no recording of a market/],
      [['market', '--replay', broken], /line 2 of/],
      [['market', '--replay', file, '--seed', '2'], /leave out --seed/],
      [['market', '--replay', file, '--day', '2'], /leave out --day/],
      [['market', '--live', '--until', '2'], /leave out --until/],
    ] as const) {
      const { status, err } = await sim(...args);
      expect(err).toMatch(text);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(status).toBe(2);
    }
  }, 60_000);
});
