import { describe, expect, it } from 'vitest';
import type { Suite } from './compliance.ts';

/** A receiver that does not read is seen by its senders, costs bounded memory, and blocks nobody for ever. */
export function flowSuite({ createSmall, linkBytes, stage }: Suite): void {
  describe('a link', () => {
    it.each([0, 1000, 100_000])(
      'to a node that does not read is full after some frames of %i bytes, and loses none',
      async (length) => {
        const most = Math.ceil(linkBytes / Math.max(1, length)) + 1;
        const run = await stage.run(createSmall(), 2, 'flood', { length, most });
        const [told] = (await run.posted(0, 1)) as [{ accepted: number }];
        expect(told).toEqual({ accepted: expect.any(Number), claimable: false, again: false });
        expect(told.accepted).toBeGreaterThan(0);
        expect(told.accepted).toBeLessThan(most);
        run.group.post(1, 'read');
        await run.over();
        expect(run.messages(1)).toEqual([{ read: told.accepted, ordered: true }]);
      },
    );

    it.each([2, 5])('that all of %i nodes push to before anyone reads does not block them', async (nodes) => {
      const length = 1000;
      const frames = Math.ceil((linkBytes * 2) / length);
      const options = { bytes: frames * length, length };
      const each = ['pushed', frames * (nodes - 1)];
      expect(await stage.play(createSmall(), nodes, 'bothWays', options)).toEqual(Array(nodes).fill(each));
    });

    it('to a node that waits in an exchange takes more than it can hold', async () => {
      const length = 20_000;
      const frames = Math.ceil((linkBytes * 2) / length);
      const got = await stage.play(createSmall(), 3, 'lateReader', { frames, length });
      expect(got).toEqual([[0], [frames], [frames]]);
    });
  });
}
