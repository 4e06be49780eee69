import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Key, type KeySource, keysOf } from '../src/fission/keys.ts';
import fission from '../src/fission/model.ts';
import { type Screen, stepThrough } from '../src/fission/stepper.ts';
import { sim } from './command.ts';
import { runModel } from './run-model.ts';

const command = { seed: 1, params: {} };

class Notes implements Screen {
  text = '';
  readonly isTTY?: boolean;

  constructor(isTTY?: boolean) {
    if (isTTY !== undefined) this.isTTY = isTTY;
  }

  write(text: string | Uint8Array): boolean {
    this.text += String(text);
    return true;
  }

  /** What was shown, one picture after the other. */
  get pictures(): string[] {
    return this.text.split('\n\n').filter((picture) => picture !== '');
  }
}

/** A terminal, and whether it is in raw mode. */
function terminal(): PassThrough & { isTTY: true; setRawMode(raw: boolean): void; modes: boolean[] } {
  const modes: boolean[] = [];
  return Object.assign(new PassThrough(), {
    isTTY: true as const,
    modes,
    setRawMode: (raw: boolean) => void modes.push(raw),
  });
}

async function allKeys(input: KeySource): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const key of keysOf(input)) keys.push(key);
  return keys;
}

describe('keys', () => {
  test('come one by one from a terminal in raw mode, which is put back', async () => {
    const input = terminal();
    const keys = allKeys(input);
    for (const typed of [' ', '\r', 'r', 'R', 'q', '\u0003', '\u0004', '\u001b', '\u001b[A', 'xy', '\r\n']) {
      input.write(typed);
      // Each is a chunk of its own, as it is when somebody types.
      await new Promise(setImmediate);
    }
    input.end();
    expect(await keys).toEqual([
      ...['step', 'step', 'run', 'run', 'quit', 'quit', 'quit', 'quit'],
      ...['unknown', 'unknown', 'step'],
    ]);
    expect(input.modes).toEqual([true, false]);
  });

  test('come from lines where there is no terminal', async () => {
    const keys = await allKeys(Readable.from(['\n \nrun\n', 'quit\nxyz\nq']) as KeySource);
    expect(keys).toEqual(['step', 'step', 'run', 'quit', 'unknown', 'quit']);
  });

  test('leave the terminal as it was when nobody wants more of them', async () => {
    const input = terminal();
    input.write(' q ');
    for await (const key of keysOf(input)) if (key === 'quit') break;
    expect(input.modes).toEqual([true, false]);
  });
});

describe('the stepper', () => {
  test('delivers one event per key and shows what is pending before and after', async () => {
    const screen = new Notes();
    const report = await stepThrough(command, Readable.from(['\n\n\n']) as KeySource, screen);
    expect(report).toMatchObject({ events: 3, reason: 'until' });
    expect(screen.pictures).toHaveLength(4);
    expect(screen.pictures[0]).toContain('time      0.0000 s, 0 events');
    expect(screen.pictures[1]).toContain('1 event\n');
    for (const [index, picture] of screen.pictures.slice(0, 3).entries()) {
      // The first that is pending is the next that happens.
      const [, due, to] = /pending {3}\d+\n +(\d+\.\d+) s {2}neutron \S+ > (\d+)/.exec(picture) ?? [];
      const next = screen.pictures[index + 1];
      expect(next).toContain(`time      ${due} s`);
      expect(next).toMatch(new RegExp(`^event .*: atom ${to} (splits|is split already)`, 'm'));
    }
  });

  test('comes to the end and the digest that a run without steps has', async () => {
    const { report } = runModel(fission, {});
    expect(report.events).toBeGreaterThan(50);
    const inputs = { steps: '\n'.repeat(500), 'a few steps, then on': '\n\nr\n', 'nobody looks': '' };
    for (const input of Object.values(inputs)) {
      const screen = new Notes();
      const stepped = await stepThrough(command, Readable.from([input]) as KeySource, screen);
      expect(stepped).toMatchObject({
        digest: report.digest,
        events: report.events,
        simTime: report.simTime,
        reason: 'idle',
        results: report.results,
      });
    }
  });

  test('shows the pile, says which keys there are, and when nothing is left', async () => {
    const screen = new Notes();
    await stepThrough(command, Readable.from(['x\n', '\n'.repeat(500)]) as KeySource, screen);
    expect(screen.pictures[1]).toMatch(/no such key: \[space\]/);
    const last = screen.pictures.at(-1) ?? '';
    expect(last).toContain('no neutron is left');
    expect(last.match(/[●◉]/g)).toHaveLength(runModel(fission, {}).results['split'] as number);
    expect(last).toContain('pending   0');
  });

  test('draws over the last picture on a terminal', async () => {
    const screen = new Notes(true);
    const input = terminal();
    input.write(' ');
    input.end('q');
    await stepThrough(command, input, screen);
    expect(screen.text.split('\u001b[H\u001b[2J')).toHaveLength(3);
  });

  test('does not draw every atom of a large pile', async () => {
    const screen = new Notes();
    const large = { seed: 1, params: { atoms: 5000, source: 50 } };
    await stepThrough(large, Readable.from(['\n']) as KeySource, screen);
    expect(screen.pictures[1]).toContain('1 of 5000 atoms are split');
    expect(screen.pictures[1]).toMatch(/pending {3}\d+\n( .*\n){8} +\.\.\.\n/);
  });

  test('is what the command does with lines from a pipe', async () => {
    const main = join(import.meta.dirname, '..', 'src', 'main.ts');
    const child = spawn(process.execPath, ['--conditions=@troupe/source', main, 'fission', '--atoms', '9']);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stdin.end('\n\nq\n');
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(status).toBe(0);
    expect(out.match(/^time /gm)).toHaveLength(3);
    expect(out).toMatch(/^ended {5}by you at \S+ s, 2 events$/m);
    expect(out).toMatch(/^digest {4}[0-9a-f]{16}$/m);
  });

  test('refuses options of another kind of run, and leaves out steps where they are given', async () => {
    const { status, err } = await sim('fission', '--step', '--clusters', '2');
    expect(status).toBe(2);
    expect(err).toContain('leave out --clusters');
    const { out } = await sim('fission', '--no-step');
    expect(out).toMatch(/^ended {5}idle at/m);
    expect(out).not.toContain('pending');
  });
});

test('neutrons are neither lost nor made up', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { report, results } = runModel(fission, { source: 3 }, seed);
    const { neutrons, escaped, swallowed, split, whole } = results as Record<string, number>;
    expect(neutrons).toBe((escaped as number) + (swallowed as number) + (split as number));
    expect((split as number) + (whole as number)).toBe(60);
    expect(report.events).toBe((swallowed as number) + (split as number));
  }
});
