import { globSync, readFileSync } from 'node:fs';
import type { NodeEvent, NodeGroup } from '@troupe/transport';
import { leakAudit } from '@troupe/transport/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ThreadsOptions, threads } from '../src/index.ts';

const program = new URL('./fixtures/hazards-program.ts', import.meta.url);
const audit = leakAudit();
const groups: NodeGroup[] = [];

beforeEach(audit.before);
afterEach(async () => {
  await Promise.all(groups.splice(0).map((group) => group.close()));
  await audit.after();
});

/** The child processes of this process. */
function children(): number[] {
  const lists = globSync(`/proc/${process.pid}/task/*/children`).map((path) => readFileSync(path, 'utf8'));
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

async function launch(names: readonly string[], options: ThreadsOptions = {}, data: object = {}) {
  const group = await threads(options).launch({ nodes: names.length, program, data: { names, ...data } });
  groups.push(group);
  const events: NodeEvent[] = [];
  const watchers = new Set<() => void>();
  group.onEvent((event) => {
    events.push(event);
    for (const watcher of watchers) watcher();
  });
  /** Resolves with the first `count` events. */
  const heard = (count: number): Promise<NodeEvent[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (events.length >= count) resolve(events.slice(0, count));
      };
      watchers.add(look);
      look();
    });
  return { group, events, heard };
}

describe('a thread', () => {
  it('that runs out of memory is lost alone, and the host is told what to do', async () => {
    const { group, heard } = await launch(['grow', ''], { resourceLimits: { maxOldGenerationSizeMb: 24 } });
    const [lost] = await heard(1);
    expect(lost).toEqual({
      type: 'lost',
      node: 0,
      error: expect.objectContaining({
        code: 'ERR_TROUPE_NODE_OUT_OF_MEMORY',
        node: 0,
        message: expect.stringMatching(/node 0 .*resourceLimits/),
      }),
    });
    group.post(1, 'end');
    expect((await heard(2))[1]).toEqual({ type: 'ended', node: 1 });
  });

  it('that exits is lost, even when it says that all is well, and the process goes on', async () => {
    const { heard } = await launch(['exit', '']);
    expect(await heard(1)).toEqual([
      {
        type: 'lost',
        node: 0,
        error: expect.objectContaining({ code: 'ERR_TROUPE_NODE_EXITED', node: 0, value: 0 }),
      },
    ]);
  });

  it('in a busy loop can be seen working, and terminated', async () => {
    const { group, events } = await launch(['loop', '']);
    const pulse = group.pulse(0);
    while (pulse[0] === 0) await new Promise((resolve) => setImmediate(resolve));
    const reason = new Error('it takes too long');
    await group.terminate(0, reason);
    const last = pulse[0];
    expect(events).toEqual([{ type: 'lost', node: 0, error: reason }]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulse[0]).toBe(last);
  });

  it('stuck in Atomics.wait can be terminated, and closed', async () => {
    const { group, heard, events } = await launch(['sleep', 'sleep']);
    await heard(2);
    await group.terminate(1, new Error('stuck'));
    expect(events.at(-1)).toMatchObject({ type: 'lost', node: 1 });
    await group.close();
  });

  it.runIf(process.platform === 'linux')(
    'in a native call is not waited for without end: its host is told why',
    async () => {
      const before = children();
      const { group, events } = await launch(['native', '']);
      const started = (): number[] => children().filter((pid) => !before.includes(pid));
      while (started().length === 0) await new Promise((resolve) => setImmediate(resolve));
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const ending = expect(group.terminate(0, new Error('stuck'))).rejects.toThrow(
          expect.objectContaining({
            code: 'ERR_TROUPE_NODE_FAILED',
            node: 0,
            message: expect.stringMatching(/node 0 did not end .*native call/),
          }),
        );
        vi.runAllTimers();
        await ending;
      } finally {
        vi.useRealTimers();
        for (const pid of started()) process.kill(pid, 'SIGKILL');
      }
      expect(events).toEqual([{ type: 'lost', node: 0, error: new Error('stuck') }]);
    },
  );

  it('whose program has ended does not hold up its peers, though it lives on', async () => {
    const { heard } = await launch(['linger', 'exchange']);
    const events = await heard(2);
    expect(events).toContainEqual({ type: 'ended', node: 0 });
    expect(events).toContainEqual({
      type: 'lost',
      node: 1,
      error: expect.objectContaining({ code: 'ERR_TROUPE_PEER_LOST', node: 0 }),
    });
  });

  it('shares memory that its host gave it', async () => {
    const counter = new SharedArrayBuffer(4);
    const { heard } = await launch(['count', 'count', 'count'], {}, { counter, rounds: 10_000 });
    expect((await heard(3)).map(({ type }) => type)).toEqual(['ended', 'ended', 'ended']);
    expect(new Int32Array(counter)[0]).toBe(30_000);
  });

  it('cannot post what cannot be cloned, nor be posted it, nor be started with it', async () => {
    const { group, heard } = await launch(['post', '']);
    const refusal = { code: 'ERR_TROUPE_CONTROL_NOT_CLONEABLE', node: 0 };
    expect((await heard(1))[0]).toMatchObject({ type: 'message', node: 0, message: refusal });
    expect(() => group.post(1, () => {})).toThrow(expect.objectContaining({ ...refusal, node: 1 }));
    await expect(launch(['', ''], {}, { call: () => {} })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_CONTROL_NOT_CLONEABLE' }),
    );
  });
});

describe('threads', () => {
  it('may be more than there are cores: eight pass a token round', async () => {
    const { heard, events } = await launch(Array<string>(8).fill('ring'));
    await heard(16);
    expect(events.filter(({ type }) => type === 'message')).toHaveLength(8);
    expect(events.filter(({ type }) => type === 'ended')).toHaveLength(8);
  });

  it('that do not spin at barriers, or spin for long, get there', async () => {
    for (const spins of [0, 1_000_000]) {
      const { heard } = await launch(['exchange', 'exchange'], { spins });
      expect((await heard(2)).map(({ type }) => type)).toEqual(['ended', 'ended']);
    }
  });
});
