import { readFileSync } from 'node:fs';
import * as core from '@troupe/core';
import { expect, test } from 'vitest';
import { inThisThread } from './fixtures/differential/in-process.ts';
import { search } from './fixtures/differential/property.ts';

test('the oracle has at most 150 lines', () => {
  const text = readFileSync(new URL('./oracle/oracle.ts', import.meta.url), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test.each([1, 2, 3, 4])(
  '500 random models run as the oracle says, however they are divided (seed %i)',
  async (seed) => {
    expect(await search('in-process', inThisThread(core), { numRuns: 500, seed })).toBeUndefined();
  },
  120_000,
);

test('a model that parts two courses is shrunk, and one line replays it', async () => {
  /** Says nothing of messages that reach nobody. */
  class Discreet extends core.Scheduler {
    constructor(options: core.SchedulerOptions) {
      super({ ...options, onDeadLetter: () => {} });
    }
  }
  const setting = inThisThread({ ...core, Scheduler: Discreet as typeof core.Scheduler });
  const found = (await search('in-process', setting, { numRuns: 100, seed: 1 })) ?? '';
  expect(found).toContain('In a Scheduler, letters[0] is\nundefined\ninstead of\n');
  const [, json] = found.split('\n\n');
  const { model } = JSON.parse(json as string);
  // What is left is about one message to nobody.
  expect(model.programs.flatMap(({ setup }: { setup: unknown[] }) => setup)).toHaveLength(1);
  const [, seed, path] =
    /^npm run test:long -- --on in-process --seed (\S+) --path (\S+)$/m.exec(found) ?? [];
  const replayed = await search('in-process', setting, {
    numRuns: 1,
    seed: Number(seed),
    path: path as string,
  });
  expect(replayed).toContain(json);
}, 120_000);
