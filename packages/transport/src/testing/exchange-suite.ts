import { describe, expect, it } from 'vitest';
import { EXCHANGE_WIDTH } from '../transport.ts';
import type { Suite } from './compliance.ts';

/** Everybody gets everybody's numbers, and the frames that were sent before. */
export function exchangeSuite({ create, createSmall, stage }: Suite): void {
  describe('an exchange', () => {
    it.each([1, 2, 3, 5])(
      'gives all numbers to each of %i nodes, however unevenly they come',
      async (nodes) => {
        const got = await stage.play(create(), nodes, 'rounds', { rounds: 1000, seed: nodes });
        expect(got).toEqual(Array(nodes).fill([{ rounds: 1000, wrong: 0 }]));
      },
    );

    it.each([2, 5])('between %i nodes is a barrier for frames', async (nodes) => {
      const got = await stage.play(createSmall(), nodes, 'barrier', { rounds: 300, frames: 5 });
      expect(got).toEqual(Array(nodes).fill([{ late: 0 }]));
    });

    it.each([
      [[1, 2], 0],
      [[3, EXCHANGE_WIDTH], 3],
      [[EXCHANGE_WIDTH, EXCHANGE_WIDTH, 5], 5],
    ])('of widths %j is refused by every node', async (widths, last) => {
      const run = await stage.run(create(), widths.length, 'widths', { widths, last });
      for (let node = 0; node < widths.length; node += 1) {
        expect(await run.posted(node, 1)).toEqual([
          {
            tooWide: {
              code: 'ERR_TROUPE_EXCHANGE_WIDTH',
              node: undefined,
              value: EXCHANGE_WIDTH + 1,
              message: expect.stringContaining(String(EXCHANGE_WIDTH)),
            },
            all: Array.from(widths, (_, id) => id),
            uneven: 'ERR_TROUPE_EXCHANGE_WIDTH',
          },
        ]);
      }
    });
  });
}
