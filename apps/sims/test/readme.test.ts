import { spawn } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/*
 * Every ```ts block of a README is a file that is run, or one that such a file uses. Its first line says which:
 *
 *   // run: NAME.ts      a program; its last lines are `// prints: ...`, one for each line that it prints
 *   // file: NAME.ts     a module; the programs of the same README find it beside them
 */
interface Block {
  readonly readme: string;
  readonly kind: 'run' | 'file';
  readonly name: string;
  readonly text: string;
  readonly prints: readonly string[];
}

const ROOT = resolve(import.meta.dirname, '../../..');
const PARENT = join(import.meta.dirname, '.readme');
const SOURCE = '@troupe/source';
const READMES = ['README.md', ...globSync('packages/*/README.md', { cwd: ROOT }).sort()];
const BLOCKS = READMES.flatMap(blocksOf);

let folder = '';

function blocksOf(readme: string): Block[] {
  const page = readFileSync(join(ROOT, readme), 'utf8');
  return Array.from(page.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm), ([, text = '']): Block => {
    const [, kind, name] = /^\/\/ (run|file): ([a-z][a-z-]*\.ts)\n/.exec(text) ?? [];
    if (kind === undefined || name === undefined) {
      const line = page.slice(0, page.indexOf(text)).split('\n').length;
      throw new Error(
        `${readme}:${line}: the first line of an example is // run: NAME.ts or // file: NAME.ts`,
      );
    }
    const prints = Array.from(text.matchAll(/^\/\/ prints: (.*)$/gm), ([, printed = '']) => printed);
    return { readme, kind: kind as Block['kind'], name, text, prints };
  });
}

/** Where the examples of a README lie: a folder of their own. */
function placeOf(readme: string): string {
  return join(folder, readme === 'README.md' ? 'root' : basename(dirname(readme)));
}

/** Runs a command; answers its exit status and what it printed. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<[number | null, string, string]> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', fail);
    child.on('close', (status) => done([status, out, err]));
  });
}

beforeAll(() => {
  mkdirSync(PARENT, { recursive: true });
  folder = mkdtempSync(join(PARENT, 'run-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  // As in a user's project: every package is installed.
  mkdirSync(join(folder, 'node_modules/@troupe'), { recursive: true });
  for (const manifest of globSync('packages/*/package.json', { cwd: ROOT })) {
    const { name } = JSON.parse(readFileSync(join(ROOT, manifest), 'utf8')) as { name: string };
    symlinkSync(join(ROOT, dirname(manifest)), join(folder, 'node_modules', name), 'junction');
  }
  for (const { readme, name, text } of BLOCKS) {
    mkdirSync(placeOf(readme), { recursive: true });
    writeFileSync(join(placeOf(readme), name), text, { flag: 'wx' });
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  try {
    rmdirSync(PARENT);
  } catch {
    // Another run of this test is using it.
  }
});

describe.each(READMES)('%s', (readme) => {
  const programs = BLOCKS.filter((block) => block.readme === readme && block.kind === 'run');

  it('has an example', () => {
    expect(programs).not.toHaveLength(0);
  });

  it.each(programs)(
    'prints with $name what it says',
    async ({ name, prints }) => {
      expect(prints).not.toHaveLength(0);
      const [status, out, err] = await run(
        process.execPath,
        [`--conditions=${SOURCE}`, join(placeOf(readme), name)],
        folder,
      );
      expect(err).toBe('');
      expect(out.trimEnd().split('\n')).toEqual(prints);
      expect(status).toBe(0);
    },
    60_000,
  );
});

it('all examples pass the type check of the packages', async () => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      include: ['*/*.ts'],
      exclude: ['node_modules'],
    }),
  );
  const [status, out] = await run(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder],
    folder,
  );
  expect(out).toBe('');
  expect(status).toBe(0);
}, 60_000);
