import { describe, expect, it } from 'vitest';
import type { Suite } from './compliance.ts';
import type { Blocked, Fate } from './scenario.ts';
import type { Run } from './stage.ts';

const VICTIM = 1;
const BLOCKED: readonly Blocked[] = ['exchange', 'push', 'wait', 'arrival'];

/** What a host hears of a node that goes this way. */
const ENDS: Readonly<Record<Exclude<Fate, 'spin' | 'stay'>, { code: string; text: string }>> = {
  throw: { code: 'ERR_OF_THE_PROGRAM', text: 'enough is enough' },
  exit: { code: 'ERR_TROUPE_NODE_EXITED', text: 'code 3' },
  uncaught: { code: 'ERR_TROUPE_NODE_FAILED', text: 'thrown outside' },
  rejection: { code: 'ERR_TROUPE_NODE_FAILED', text: 'caught by nobody' },
};

/** A node that is lost is an event to its host, and an error to the peers that need it: never silence. */
export function failureSuite({ create, createSmall, isolated, stage }: Suite): void {
  const doom = async (fate: Fate, blocked: Blocked): Promise<Run> => {
    const run = await stage.run(createSmall(), 3, 'doomed', { victim: VICTIM, fate, blocked }, [VICTIM]);
    for (const node of [0, 2]) await run.posted(node, 1);
    return run;
  };

  const survivorsKnow = async (run: Run): Promise<void> => {
    await run.until(() => run.lost(VICTIM) !== undefined);
    for (const node of [0, 2]) {
      run.group.post(node, 'lost');
      const [, told] = await run.posted(node, 2);
      expect(told).toEqual({ code: 'ERR_TROUPE_PEER_LOST', node: VICTIM });
    }
    await run.group.close();
    expect(run.events.filter(({ type }) => type !== 'message')).toHaveLength(1);
  };

  describe('a lost node', () => {
    const fates = (isolated ? Object.keys(ENDS) : ['throw']) as (keyof typeof ENDS)[];
    const cases = fates.flatMap((fate) =>
      (fate === 'throw' ? BLOCKED : BLOCKED.slice(0, 1)).map((blocked) => [fate, blocked] as const),
    );
    it.each(cases)('by %s is heard of, and told to peers that block in %s', async (fate, blocked) => {
      const run = await doom(fate, blocked);
      run.group.post(VICTIM, 'go');
      await survivorsKnow(run);
      const error = run.lost(VICTIM) as Error & { code?: string; node?: number };
      expect(error).toBeInstanceOf(Error);
      expect(error.code).toBe(ENDS[fate].code);
      expect(error.message).toContain(ENDS[fate].text);
      if (isolated) expect(`${error.message}\n${error.stack}`).toContain(`node ${VICTIM}`);
    });

    it('that threw is heard of with class, cause and stack', async () => {
      const run = await doom('throw', 'exchange');
      run.group.post(VICTIM, 'go');
      await run.until(() => run.lost(VICTIM) !== undefined);
      const error = run.lost(VICTIM) as Error;
      expect(error).toBeInstanceOf(TypeError);
      expect(error.stack).toContain('failure-node');
      expect(error.cause).toBeInstanceOf(RangeError);
      expect((error.cause as Error).message).toBe('the reason behind');
    });

    it.each(['exchange', 'push'] as const)(
      'that its host terminated is told to peers that block in %s',
      async (blocked) => {
        const run = await doom('stay', blocked);
        const reason = new Error('no longer needed');
        if (isolated) await run.group.terminate(VICTIM, reason);
        // In a shared thread a node ends only where it comes back to its transport.
        else void run.group.terminate(VICTIM, reason);
        expect(run.lost(VICTIM)).toBe(reason);
        await survivorsKnow(run);
      },
    );

    it.runIf(isolated)('that hangs in a loop is gone when terminate resolves', async () => {
      const run = await doom('spin', 'exchange');
      run.group.post(VICTIM, 'go');
      const reason = new Error('stuck');
      await run.group.terminate(VICTIM, reason);
      expect(run.lost(VICTIM)).toBe(reason);
      await survivorsKnow(run);
    });

    it('is lost once: terminating it again, or one that has ended, changes nothing', async () => {
      const run = await stage.run(create(), 2, 'echo', {}, [VICTIM]);
      const reason = new Error('no longer needed');
      await run.group.terminate(VICTIM, reason);
      await run.group.terminate(VICTIM, new Error('again'));
      run.group.post(0, 'stop');
      await run.over();
      await run.group.terminate(0, new Error('too late'));
      run.group.post(VICTIM, 'nobody reads this');
      expect(run.events).toEqual([
        { type: 'lost', node: VICTIM, error: reason },
        { type: 'ended', node: 0 },
      ]);
    });
  });
}
