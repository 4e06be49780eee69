import { describe, expect, it } from 'vitest';
import type { Suite } from './compliance.ts';
import { beside } from './stage.ts';

/** Launching and closing leave nothing behind; the audit after each test says so. */
export function launchSuite({ create, isolated, refused, stage }: Suite): void {
  describe('a launch', () => {
    it.each([0, -1, 1.5, Number.NaN, 1025, '2' as unknown as number])(
      'of %s nodes is refused',
      async (nodes) => {
        const launched = create().launch({ nodes, program: beside('compliance-node') });
        await expect(launched).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_TROUPE_TRANSPORT_OPTION', value: nodes }),
        );
      },
    );

    it('of a module without a program is refused', async () => {
      const launched = create().launch({ nodes: 2, program: beside('empty-node') });
      await expect(launched).rejects.toThrow(
        expect.objectContaining({
          code: 'ERR_TROUPE_PROGRAM_INVALID',
          message: expect.stringContaining('empty-node'),
        }),
      );
    });

    it('of a module that throws is refused with its error', async () => {
      const launched = create().launch({ nodes: 2, program: beside('throwing-node') });
      await expect(launched).rejects.toThrow('thrown while the program was loaded');
    });

    it('of a module that is not there is refused with its name', async () => {
      const launched = create().launch({ nodes: 2, program: beside('missing-node') });
      await expect(launched).rejects.toThrow('missing-node');
    });

    for (const [what, make] of Object.entries(refused)) {
      it(`by a transport with ${what} is refused when the transport is made`, () => {
        expect(make).toThrow(expect.objectContaining({ code: 'ERR_TROUPE_TRANSPORT_OPTION' }));
      });
    }

    it('may be repeated, several groups at a time', async () => {
      const transport = create();
      const play = (seed: number): Promise<unknown[][]> =>
        stage.play(transport, 2, 'stream', { frames: 100, longest: 1000, seed });
      expect(await Promise.all([play(1), play(2), play(3)])).toEqual(Array(3).fill([[100], [100]]));
    });
  });

  describe('closing', () => {
    it('ends nodes in the middle of their work, once, and nothing is heard of them any more', async () => {
      const run = await stage.run(create(), 3, 'busy', { spin: false });
      for (let node = 0; node < 3; node += 1) await run.posted(node, 3);
      const closing = [run.group.close(), run.group.close(), run.group[Symbol.asyncDispose]()];
      const heard = run.events.length;
      await Promise.all(closing);
      await run.group.close();
      expect(run.events).toHaveLength(heard);
    });

    it('ends nodes that wait for their host', async () => {
      const run = await stage.run(create(), 2, 'waitForHost', {});
      await run.posted(0, 1);
      await run.group.close();
      expect(run.events.every(({ type }) => type === 'message')).toBe(true);
    });

    it('ends nodes that have ended', async () => {
      const run = await stage.run(create(), 2, 'introduce', { text: '' });
      await run.over();
      await run.group.close();
      expect(run.events.filter(({ type }) => type === 'ended')).toHaveLength(2);
    });

    it.runIf(isolated)('ends nodes that never come back to it', async () => {
      const run = await stage.run(create(), 2, 'busy', { spin: true });
      await run.posted(0, 1);
      await run.group.close();
    });
  });
}
