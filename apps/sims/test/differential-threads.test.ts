import { expect, test } from 'vitest';
import { search } from '../../../packages/core/test/fixtures/differential/property.ts';
import { SETTINGS } from './fixtures/settings.ts';

test('20 random models run on threads as the oracle says', async () => {
  expect(await search('threads', SETTINGS.threads, { numRuns: 20, seed: 5 })).toBeUndefined();
}, 120_000);
