import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../src/catalogue.ts';
import { knownAnswers } from './fixtures/digests.ts';

const { lines, sims } = knownAnswers();
const line = process.versions.node.split('.')[0] as string;

test('every sim has a known answer for every supported line of Node (npm run known-answers makes them)', () => {
  expect(Object.keys(sims)).toEqual(Object.keys(CATALOGUE).sort());
  for (const [name, { digests }] of Object.entries(sims)) {
    expect([name, Object.keys(digests)]).toEqual([name, Object.keys(lines)]);
    for (const digest of Object.values(digests)) expect(digest).toMatch(/^[0-9a-f]{16}$/);
  }
});

test.runIf(Object.hasOwn(lines, line))(
  'every sim comes to its known answer on this line of Node',
  async () => {
    const program = join(import.meta.dirname, 'fixtures/digests.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@troupe/source', program]);
    const expected = Object.entries(sims).map(([name, { digests }]) => [name, digests[line]]);
    expect(JSON.parse(stdout)).toEqual(Object.fromEntries(expected));
  },
  60_000,
);
