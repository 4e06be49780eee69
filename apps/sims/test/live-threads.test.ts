import { Live, type LiveOptions, type LiveReport, type SimulationError } from '@troupe/core';
import { inProcess } from '@troupe/transport';
import { type ThreadsOptions, threads } from '@troupe/transport-worker';
import { describe, expect, test } from 'vitest';

const fixture = (name: string): URL =>
  new URL(`../../../packages/core/test/fixtures/${name}.ts`, import.meta.url);

async function withLive<T>(name: string, options: LiveOptions, use: (live: Live) => Promise<T>): Promise<T> {
  const live = new Live(fixture(name), options);
  try {
    await live.start();
    return await use(live);
  } finally {
    await live.close();
  }
}

/** How a run of the troublemakers ends, a step of which takes 2 ms. */
function failure(
  kind: string,
  options: LiveOptions = {},
  limits: ThreadsOptions = {},
): Promise<SimulationError> {
  // With two agents only one can be to blame.
  const params = { kind, stride: 0.002, agents: 2 };
  return withLive('trouble', { clusters: 2, transport: threads(limits), params, ...options }, (live) =>
    live.finished(),
  ).then(
    () => {
      throw new Error('the run did not fail');
    },
    (error: unknown) => error as SimulationError,
  );
}

/** Every source sends `count` parcels to every sink. */
async function relay(count: number, options: LiveOptions): Promise<LiveReport> {
  return withLive('live-relay', options, async (live) => {
    for (let source = 0; source < 4; source += 1) await live.send(`source-${source}`, 'start', { count });
    await live.idle();
    return live.stop();
  });
}

describe('messages between agents on threads', () => {
  test.each([
    ['two clusters', 2, { capacity: 10_000 }],
    ['three clusters, mailboxes that are full most of the time', 3, { capacity: 25 }],
  ])('arrive once and in order, and the run knows when all have: %s', async (_what, clusters, mailbox) => {
    const report = await relay(500, { clusters, transport: threads(), mailbox });
    const each = { 'sink-0': 4000, 'sink-1': 4000, 'sink-2': 4000, 'sink-3': 4000 };
    expect(report.results['seen']).toEqual(each);
    expect(Object.values(report.results['wrong'] ?? {})).toEqual([0, 0, 0, 0]);
    expect(Object.values(report.results['receipts'] ?? {})).toEqual([2000, 2000, 2000, 2000]);
    expect(report).toMatchObject({ drained: true, discarded: 0, deadLetters: 0, underWay: 0, failures: 0 });
    expect(report.arrived).toBe(report.delivered);
  });

  test('wait where the rings between threads are full', async () => {
    const report = await relay(3000, { clusters: 2, transport: threads({ ringBytes: 64 * 1024 }) });
    expect(Object.values(report.results['seen'] ?? {})).toEqual(Array(4).fill(24_000));
    expect(Object.values(report.results['wrong'] ?? {})).toEqual([0, 0, 0, 0]);
  });

  test('are as many as in one thread', async () => {
    const reports = [
      await relay(200, {}),
      await relay(200, { clusters: 3, transport: inProcess() }),
      await relay(200, { clusters: 3, transport: threads() }),
    ];
    for (const { results, delivered } of reports) {
      expect({ results, delivered }).toEqual({
        results: reports[0]?.results,
        delivered: reports[0]?.delivered,
      });
    }
  });
});

describe('a live run on threads ends with an error that names', () => {
  test('the agent that threw', async () => {
    const error = await failure('throw');
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 1, topic: 'go' });
    expect(error.stack).toContain('on node 1');
    expect(error.cause).toMatchObject({ name: 'RangeError' });
  });

  test('the node whose code threw outside of every handler', async () => {
    const error = await failure('outside');
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_FAILED', node: 1 });
    expect(error.message).toContain('outside of every handler');
  });

  test('the node that exited', async () => {
    expect(await failure('exit')).toMatchObject({ code: 'ERR_TROUPE_NODE_EXITED', node: 1 });
  });

  test('the node that ran out of memory', async () => {
    const error = await failure('memory', {}, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_OUT_OF_MEMORY', node: 1 });
  });

  test('the agent whose handler does not return', async () => {
    const error = await failure('loop', { handlerTimeout: 200 });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_STALLED', node: 1, agent: 1 });
  });

  test('the agent whose promise does not settle', async () => {
    const options = { clusters: 2, transport: threads(), handlerTimeout: 50 };
    await withLive('live-relay', options, async (live) => {
      await live.send('sink-0', 'wait', 3_600_000);
      await expect(live.finished()).rejects.toMatchObject({
        code: 'ERR_TROUPE_HANDLER_TIMEOUT',
        agent: 'sink-0',
        topic: 'wait',
      });
    });
  });

  test('the node that does not end', async () => {
    const options = { clusters: 2, transport: threads(), params: { kind: 'loop', stride: 0.002 } };
    await withLive('trouble', { ...options, handlerTimeout: 0 }, async (live) => {
      // Its fate is never told: the handler does not return.
      void live.send(1, 'go', { step: 5 }).catch(() => {});
      await expect(live.stop({ drain: true, timeout: 50 })).rejects.toMatchObject({
        code: 'ERR_TROUPE_NODE_STALLED',
        // On a busy machine the other node may be late as well.
        message: expect.stringMatching(/^node (0, )?1 did not end/),
      });
    });
  });
});

test('threads stay free while agents wait: for timers, for others, and to be stopped', async () => {
  await withLive('live-relay', { clusters: 2, transport: threads() }, async (live) => {
    const waiting = [0, 1, 2, 3].map((sink) => live.send(`sink-${sink}`, 'wait', 20));
    expect(await Promise.all(waiting)).toEqual(Array(4).fill('accepted'));
    await live.send('source-0', 'start', { count: 10 });
    await live.idle();
    const report = await live.stop();
    expect(Object.values(report.results['seen'] ?? {})).toEqual([21, 21, 21, 21]);
  });
});

test('a model on threads is paused and resumed by its owner', async () => {
  await withLive('live-relay', { clusters: 2, transport: threads() }, async (live) => {
    live.pause();
    await live.send('source-0', 'start', { count: 10 });
    let isIdle = false;
    const idle = live.idle().then(() => {
      isIdle = true;
    });
    await live.send('nobody', 'x');
    expect(isIdle).toBe(false);
    live.resume();
    await idle;
    expect((await live.stop()).results['receipts']).toEqual({ 'source-0': 40 });
  });
});

test('what cannot be sent to a thread is refused, and nothing is lost by it', async () => {
  await withLive('live-relay', { clusters: 2, transport: threads() }, async (live) => {
    await expect(live.send('source-0', 'start', { count: () => 1 })).rejects.toMatchObject({
      code: 'ERR_TROUPE_CONTROL_NOT_CLONEABLE',
    });
    await live.send('source-0', 'start', { count: 1 });
    await live.idle();
    expect((await live.stop()).underWay).toBe(0);
  });
});
