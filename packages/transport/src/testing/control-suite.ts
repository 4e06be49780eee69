import { describe, expect, it } from 'vitest';
import { PULSE_CELLS } from '../transport.ts';
import type { Suite } from './compliance.ts';
import { beside, Run } from './stage.ts';

/** Host and nodes talk in both directions, in order. */
export function controlSuite({ create, stage }: Suite): void {
  describe('a host', () => {
    it.each([1, 3])('is told by each of %i nodes who it is and what it was given', async (nodes) => {
      const got = await stage.play(create(), nodes, 'introduce', { text: 'für alle' });
      expect(got).toEqual(
        Array.from({ length: nodes }, (_, id) => [
          { id, size: nodes, text: 'für alle', nothing: true, cells: PULSE_CELLS },
        ]),
      );
    });

    it('hears the answers to its messages in order, from each node, and then that it ended', async () => {
      const run = await stage.run(create(), 2, 'echo', {});
      const messages = Array.from({ length: 500 }, (_, index) => ({
        index,
        list: [index, null, 'x'.repeat(index)],
      }));
      for (const message of messages) for (let node = 0; node < 2; node += 1) run.group.post(node, message);
      for (let node = 0; node < 2; node += 1) {
        expect(await run.posted(node, messages.length)).toEqual(messages);
        run.group.post(node, 'stop');
      }
      await run.over();
      for (let node = 0; node < 2; node += 1) {
        expect(run.events.filter((event) => event.node === node).at(-1)).toEqual({ type: 'ended', node });
      }
    });

    it('wakes a node that waits', async () => {
      const run = await stage.run(create(), 1, 'waitForHost', {});
      expect(await run.posted(0, 1)).toEqual([{ early: false }]);
      run.group.post(0, 'wake up');
      expect(await run.posted(0, 2)).toEqual([{ early: false }, 'wake up']);
    });

    it('sees the pulse of a node that works', async () => {
      const run = await stage.run(create(), 2, 'pulse', {});
      await run.posted(1, 1);
      const pulse = run.group.pulse(1);
      const first = pulse[0] as number;
      while ((pulse[0] as number) < first + 100) await new Promise((resolve) => setImmediate(resolve));
      run.group.post(0, 'stop');
      run.group.post(1, 'stop');
      await run.over();
      expect([...run.group.pulse(1)]).toEqual([
        run.messages(1)[1],
        0,
        0,
        0,
        0,
        0,
        0,
        -(run.messages(1)[1] as number),
      ]);
    });

    it('hears late what happened before it listened', async () => {
      const data = { scenario: 'introduce', options: { text: 'early' } };
      const group = await create().launch({ nodes: 1, program: beside('compliance-node'), data });
      try {
        await new Promise((resolve) => setImmediate(resolve));
        const run = new Run(group);
        await run.over();
        expect(run.events.map(({ type }) => type)).toEqual(['message', 'ended']);
      } finally {
        await group.close();
      }
    });

    it('is refused what it asks of a node that does not exist', async () => {
      const run = await stage.run(create(), 2, 'echo', {});
      const { group } = run;
      const refusal = expect.objectContaining({ code: 'ERR_TROUPE_PEER_UNKNOWN', node: 2 });
      expect(() => group.post(2, 'hello')).toThrow(refusal);
      expect(() => group.pulse(2)).toThrow(refusal);
      await expect(group.terminate(2, new Error('no reason'))).rejects.toThrow(refusal);
    });
  });
}
