import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../check-imports.mjs');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'troupe-imports-'));
  room('packages/transport', {});
  room('packages/shm', {});
  room('packages/core', { '@troupe/transport': 'workspace:^' });
  room('apps/sims', { '@troupe/core': 'workspace:^' });
  write('packages/core/src/index.ts', `import { a } from '@troupe/transport';\nexport const b = a;\n`);
  write('apps/sims/src/main.ts', `import { b } from '@troupe/core';\nconsole.log(b);\n`);
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function room(path: string, dependencies: Record<string, string>): void {
  const exports = { '.': './src/index.ts', './testing': './src/testing/index.ts' };
  write(`${path}/package.json`, JSON.stringify({ name: path, exports, dependencies }));
}

function check(): { status: number | null; output: string } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function expectProblem(text: string): void {
  const { output, status } = check();
  expect(output).toContain(text);
  expect(output).toContain('1 forbidden import');
  expect(status).toBe(1);
}

test('a tree that keeps the direction passes', () => {
  write('packages/core/test/a.test.ts', `import '@troupe/transport/testing';\nimport '../src/index.ts';\n`);
  write('packages/core/src/url.ts', `export const url = new URL('./node/program.ts', import.meta.url);\n`);
  write('packages/core/src/doc.ts', `/** import { x } from '@troupe/sims' */\nexport const x = 1;\n`);
  expect(check()).toEqual({ status: 0, output: '4 packages and apps import only what they may\n' });
});

describe('what names a module in a source is checked', () => {
  test.each([
    ['import', `import '@troupe/core';`],
    ['a type import', `import type { b } from '@troupe/core';`],
    ['export from', `export { b } from '@troupe/core';`],
    ['export *', `export * from '@troupe/core';`],
    ['import()', `await import('@troupe/core');`],
    ['import() of a template', `const x = 1;\nawait import(\`@troupe/core/\${x}\`);`],
    ['an import type', `export type B = import('@troupe/core').B;`],
    ['import.meta.resolve', `import.meta.resolve('@troupe/core');`],
    ['require', `const require = Function;\nrequire('@troupe/core');`],
  ])('%s', (_, source) => {
    write('packages/transport/src/index.ts', `${source}\n`);
    expectProblem('is not allowed; it may import none of our packages');
  });

  test.each([
    ['import', `import '../../transport/src/index.ts';`],
    ['new URL', `export const url = new URL('../../transport/src/index.ts', import.meta.url);`],
    ['new URL of a template', `export const url = new URL(\`../../transport/src/\${1}\`, import.meta.url);`],
    ['the tests of the same package', `import '../test/fixtures.ts';`],
  ])('no relative path leads out of the sources: %s', (_, source) => {
    write('packages/core/src/reach.ts', `${source}\n`);
    expectProblem(join('leads out of packages', 'core', 'src'));
  });
});

test('a dependency against the direction is refused', () => {
  room('packages/shm', { '@troupe/transport': 'workspace:^' });
  expectProblem(
    'packages/shm/package.json: depends on @troupe/transport; it may import none of our packages',
  );
});

test('an allowed package must be declared', () => {
  room('packages/core', {});
  expectProblem(`'@troupe/transport' is not among its dependencies`);
});

test('a subpath must be exported', () => {
  write('packages/core/src/deep.ts', `import '@troupe/transport/src/index.ts';\n`);
  expectProblem('is not exported by @troupe/transport');
});

test('an app imports packages by public name only', () => {
  write('apps/sims/src/reach.ts', `import '../../../packages/core/src/index.ts';\n`);
  expectProblem(join('leads out of apps', 'sims', 'src'));
});

test('tests keep the direction too', () => {
  write('packages/core/test/a.test.ts', `import '@troupe/shm';\n`);
  expectProblem(`packages/core/test/a.test.ts:1: '@troupe/shm' is not allowed; it may import transport`);
});

test('a package that the table does not know is refused', () => {
  room('packages/other', {});
  expectProblem('packages/other/package.json: unknown package');
});
