import { PassThrough } from 'node:stream';
import { resolveParams } from '@troupe/core';
import { inProcess } from '@troupe/transport';
import { threads } from '@troupe/transport-worker';
import { describe, expect, test } from 'vitest';
import { runLive } from '../src/market/live.ts';
import market from '../src/market/model.ts';

/** Second-long days, with much to do in them. */
const params = { day: 1, pace: 0.1, lookahead: 0.005, jitter: 0.01, tick: 0.1 };

describe('the market on the clock on the wall', () => {
  test.each([
    ['in this thread', 1, inProcess],
    ['on two threads', 2, threads],
  ] as const)('takes in what is typed, %s', async (_where, clusters, transport) => {
    const input = new PassThrough();
    const screen = new PassThrough();
    let shown = '';
    screen.on('data', (text) => {
      shown += text;
      if (shown.includes('bought') && input.writable) input.end('quit\n');
    });
    input.write('buy ACME 3 60\n');
    const place = { clusters, transport: transport(), seed: 1, params: { ...params, day: 600 } };
    const report = await runLive(place, input, screen);
    expect(report).toMatchObject({ by: { agent: 'you', reason: 'quit' }, failures: 0 });
    expect(shown).toMatch(/s {2}buy 3 ACME at 60.00$/m);
    expect(shown).toMatch(/s {2}bought \d ACME at \d+.\d\d$/m);
  });

  test('keeps every cent and every share until the end of the day', async () => {
    const input = new PassThrough();
    input.end();
    const place = { clusters: 2, transport: inProcess(), seed: 1, params };
    const { by, results, deadLetters } = await runLive(place, input, new PassThrough().resume());
    expect([by?.reason, deadLetters]).toEqual(['closed', 0]);
    const all = resolveParams(market.params as NonNullable<typeof market.params>, params);
    const summary = market.summarize?.({ results } as never, all) ?? {};
    expect(summary['trades']).toBeGreaterThan(20);
    // 40 traders, the visitor, and 8 makers with ten times as much; nothing was on its way when the day had ended.
    expect(summary).toMatchObject({ cash: 121 * 100_000 * 100, shares: [24_200, 24_200, 24_200, 24_200] });
  });
});
