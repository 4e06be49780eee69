import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { HARMLESS, MUTANTS, type Verdict } from './fixtures/differential/mutants.ts';

/** By name of the mutant. */
const verdicts = new Map<string, Verdict>();

beforeAll(async () => {
  // In a process of its own: who knows what a broken kernel does.
  const program = fileURLToPath(new URL('./fixtures/differential/mutant-run.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@troupe/source',
    program,
    '200',
  ]);
  for (const line of stdout.trim().split('\n')) {
    const verdict = JSON.parse(line) as Verdict;
    verdicts.set(verdict.name, verdict);
  }
}, 300_000);

describe('the differential suite notices within 200 models that', () => {
  test.each(MUTANTS)('$name', ({ name }) => {
    expect(verdicts.get(name)).toMatchObject({ failed: true, why: expect.stringMatching(/^In a S/) });
  });
});

describe('it does not mind that', () => {
  test.each(HARMLESS)('$name', ({ name }) => {
    expect(verdicts.get(name)).toEqual({ name, failed: false, models: 200, why: '' });
  });
});
