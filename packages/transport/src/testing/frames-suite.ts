import { describe, expect, it } from 'vitest';
import { FRAME_LIMIT } from '../transport.ts';
import type { Suite } from './compliance.ts';

const SIZES = [0, 1, 7, 8, 9, 1000, 65_535, 65_536, 65_537, 1_000_003, FRAME_LIMIT - 1, FRAME_LIMIT];

/** Frames arrive whole, once and in order, whatever their size and the way they were sent. */
export function framesSuite({ create, createSmall, stage }: Suite): void {
  describe('frames', () => {
    it.each([1, 2, 3, 5])(
      'of all sizes keep their order between %i nodes, in every way to send',
      async (nodes) => {
        const options = { frames: 300, longest: 200_000, seed: nodes };
        const each = [300 * (nodes - 1)];
        expect(await stage.play(create(), nodes, 'stream', options)).toEqual(Array(nodes).fill(each));
      },
    );

    it('keep their order over links that are full most of the time', async () => {
      const options = { frames: 2000, longest: 100_000, seed: 7 };
      expect(await stage.play(createSmall(), 3, 'stream', options)).toEqual(Array(3).fill([4000]));
    });

    it('arrive whole, 100,000 of them from all to all', async () => {
      const options = { frames: 16_700, longest: 300, seed: 11 };
      expect(await stage.play(create(), 3, 'stream', options)).toEqual(Array(3).fill([33_400]));
    });

    it.each(['default', 'short'])('from 0 bytes to the limit arrive over %s links', async (links) => {
      const transport = links === 'short' ? createSmall() : create();
      const [, got] = await stage.play(transport, 2, 'sizes', { lengths: SIZES });
      expect(got).toEqual([Array(SIZES.length + 3).fill('expected whole')]);
    });

    it('over a limit, and to nobody, are refused and leave the link as it was', async () => {
      const [told, got] = await stage.play(create(), 2, 'refusals', {});
      const [{ limit, ...refusals }] = told as [{ limit: number }];
      const tooLarge = (size: number, most: number): unknown => ({
        code: 'ERR_TROUPE_FRAME_TOO_LARGE',
        node: undefined,
        value: size,
        message: expect.stringMatching(`${size} .*${most}`),
      });
      const nobody = (node: number): unknown => ({
        code: 'ERR_TROUPE_PEER_UNKNOWN',
        node,
        value: undefined,
        message: expect.stringContaining(`no node ${node}`),
      });
      expect(refusals).toEqual({
        send: tooLarge(FRAME_LIMIT + 1, FRAME_LIMIT),
        push: tooLarge(FRAME_LIMIT + 1, FRAME_LIMIT),
        claim: tooLarge(limit + 1, limit),
        self: nobody(0),
        stranger: nobody(2),
        strangersClaim: nobody(-1),
      });
      expect(got).toEqual([['all is well']]);
    });

    it('of random bytes arrive unchanged, and decoding them is refused at worst', async () => {
      const [, got] = await stage.play(create(), 2, 'noise', { frames: 5000, seed: 3 });
      const [{ decoded, refused, ...rest }] = got as [{ decoded: number; refused: number }];
      expect(rest).toEqual({ changed: 0, other: [] });
      expect(decoded + refused).toBe(5000);
      expect(Math.min(decoded, refused)).toBeGreaterThan(100);
    });

    it('are handed over up to a limit, and one whose handler throws counts as read', async () => {
      const [, got] = await stage.play(create(), 2, 'handlers', {});
      expect(got).toEqual([
        { got: ['a', 'b', 'c', 'd'], counts: [0, 1, 2, 0], thrown: 'the handler does not like it' },
      ]);
    });

    it('that a node sent before its program ended can still be read', async () => {
      const run = await stage.run(create(), 2, 'legacy', { lengths: [1, 100, 200_000, 10, 2_000_000] });
      await run.until(() => run.events.some(({ type, node }) => type === 'ended' && node === 0));
      run.group.post(1, 'read');
      expect(await run.posted(1, 1)).toEqual([5]);
    });
  });
}
