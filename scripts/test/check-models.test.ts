import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../check-models.mjs');
const canVerify = ['spin', 'cc'].every((tool) => spawnSync(tool, ['-V']).error === undefined);
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'troupe-models-test-'));
  mkdirSync(join(root, 'packages/counter/src'), { recursive: true });
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Two add 1 to a word each, in one step, or in two as the mutant does. */
function model({
  runs = 'both safety',
  mutants = 'TORN in both breaks SUM two steps',
  body = '',
} = {}): void {
  writeFileSync(
    join(root, 'packages/counter/src/counter.pml'),
    `/*
 * Runs.
 *   ${runs}
 *
 * Mutants.
 *   ${mutants}
 */
#define SUM 1
#ifdef ONLY
#define CHECK(property, ok) assert(ONLY != property || (ok))
#else
#define CHECK(property, ok) assert(ok)
#endif
byte word, done;
active [2] proctype adder() {
#ifdef TORN
  byte seen;
  seen = word;
  word = seen + 1;
#else
  word++;
#endif
  ${body}
  done++
}
active proctype judge() {
  done == 2;
  CHECK(SUM, word == 2)
}
`,
  );
}

function check(env = process.env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, root], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

describe.runIf(canVerify)('with SPIN and a C compiler', () => {
  it('passes a model that holds and whose mutant fails', () => {
    model();
    const { status, stdout } = check();
    expect(status).toBe(0);
    expect(stdout).toMatch(/TORN +breaks SUM .*✓ fails by assertion/);
    expect(stdout).toContain('1 runs hold, 1 mutants fail, 0 are wrong');
  });

  it('refuses a model that does not hold', () => {
    model({ body: 'assert(word == 1);' });
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).toMatch(/counter\.pml both: does not hold: assertion violated/);
  });

  it('refuses a model that comes to a standstill', () => {
    model({ body: 'word == 7;' });
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringContaining('invalid end state') });
  });

  it('refuses a mutant that passes', () => {
    model({ mutants: 'HARMLESS in both breaks SUM nothing' });
    expect(check()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('HARMLESS: this mutant passes, though it must break SUM'),
    });
  });

  it('refuses a mutant that fails by something else than it says', () => {
    model({ mutants: 'TORN in both breaks MOVES two steps' });
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringMatching(/TORN: /) });
  });

  it('refuses a model that does not say how it is run', () => {
    model({ mutants: 'TORN in none breaks SUM two steps' });
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringContaining('no mutant of a run') });
  });
});

it('says loudly that nothing was verified where the tools are missing, with a status of its own', () => {
  model();
  const { status, stderr } = check({ PATH: root });
  expect(status).toBe(3);
  expect(stderr).toContain('THE MODELS ARE NOT VERIFIED: there is no spin and no cc');
});
