import { describe, expect, it } from 'vitest';
import type { Suite } from './compliance.ts';

/** A node that waits without blocking misses nothing, and holds nobody up. */
export function arrivalSuite({ create, createSmall, stage }: Suite): void {
  describe('an arrival', () => {
    it.each([2, 3, 5])(
      'wakes each of %i nodes for every frame, and for room on links that are full most of the time',
      async (nodes) => {
        const options = { frames: 3000, length: 1000, seed: nodes };
        const each = [{ received: options.frames * (nodes - 1), waited: true }];
        expect(await stage.play(createSmall(), nodes, 'arrivals', options)).toEqual(Array(nodes).fill(each));
      },
    );

    it.each([1000, 30_000, 100_000])(
      'wakes for room for a frame of %i bytes, however little is read at a time',
      async (length) => {
        const run = await stage.run(createSmall(), 2, 'room', { length });
        await run.posted(0, 1);
        for (let reads = 1; run.messages(0).length < 2 && reads < 500; reads += 1) {
          run.group.post(1, 'read');
          await run.posted(1, reads);
        }
        expect(await run.posted(0, 2)).toEqual(['full', { woken: expect.any(Number) }]);
        run.group.post(0, 'stop');
        run.group.post(1, 'stop');
        await run.over();
      },
    );

    it('wakes for a single frame of a peer that does nothing else', async () => {
      const run = await stage.run(create(), 2, 'single', {});
      for (let round = 0; round < 200; round += 1) {
        await run.posted(0, round * 2 + 1);
        run.group.post(1, 'send');
        expect((await run.posted(0, round * 2 + 2))[round * 2 + 1]).toBe(String(round));
      }
      run.group.post(0, 'stop');
      run.group.post(1, 'stop');
      await run.over();
    });

    it('wakes for room for frames that no link holds', async () => {
      const options = { frames: 20, length: 100_000, seed: 1 };
      const each = [{ received: options.frames, waited: true }];
      expect(await stage.play(createSmall(), 2, 'arrivals', options)).toEqual([each, each]);
    });

    it('ends with its time, lets timers fire meanwhile, and wakes for every message of the host', async () => {
      const run = await stage.run(create(), 1, 'patience', {});
      await run.posted(0, 1);
      run.group.post(0, 'wake up');
      const [, told] = await run.posted(0, 2);
      expect(told).toEqual({ early: false, late: false, message: 'wake up' });
      for (let index = 0; index < 300; index += 1) {
        run.group.post(0, index);
        expect((await run.posted(0, index + 3)).at(-1)).toBe(index);
      }
      run.group.post(0, 'stop');
      await run.over();
    });

    it('gives timers their turn while there is always something', async () => {
      const run = await stage.run(create(), 1, 'flooded', {});
      run.group.post(0, 'never taken');
      expect(await run.posted(0, 1)).toEqual([{ fired: true }]);
      await run.over();
    });

    it('that ends with its time leaves nothing behind', async () => {
      const run = await stage.run(create(), 1, 'timeouts', { rounds: 8, waits: 4000 });
      expect(await run.posted(0, 1)).toEqual([{ early: 0, leaks: false }]);
      await run.over();
    });
  });
}
