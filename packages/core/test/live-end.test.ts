import { Live, type LiveReport } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { cast, failure, gate, turns, withLive } from './fixtures/live-players.ts';

describe('the end of a live run', () => {
  test('handles what is under way first, and sets no further alarm', async () => {
    const got: string[] = [];
    const model = cast({
      a0: {
        async receive(player, { body }) {
          await turns(3);
          got.push(`a0 ${body}`);
          player.setAlarm(0.001, 'never');
          player.send('a0', 'never', 0, 0.001);
          if ((body as number) > 0) player.send('b1', 'say', (body as number) - 1);
        },
        teardown: (player) => {
          got.push('a0 ends');
          player.send('b1', 'never');
        },
      },
      b1: {
        async receive(player, { body }) {
          await turns(3);
          got.push(`b1 ${body}`);
          player.send('a0', 'say', body);
        },
      },
    });
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('a0', 'say', 2);
      const ends = await Promise.all([live.stop(), live.stop(), live.finished()]);
      expect(ends[1]).toBe(ends[0]);
      expect(ends[2]).toBe(ends[0]);
      return ends[0];
    });
    expect(got).toEqual(['a0 2', 'b1 1', 'a0 1', 'b1 0', 'a0 0', 'a0 ends']);
    expect(report).toMatchObject({
      reason: 'ended',
      drained: true,
      delivered: 5,
      discarded: 1,
      alarmsLeft: 6,
      underWay: 0,
      abandoned: [],
    });
    expect(report.by).toBeUndefined();
  });

  test('without draining discards what is there, and counts it', async () => {
    const { opened, open } = gate();
    const model = cast({ a0: { receive: () => opened }, b1: {} });
    const report = await withLive(model, { clusters: 2, mailbox: { capacity: 2 } }, async (live) => {
      for (let count = 0; count < 3; count += 1) await live.send('a0', 'say');
      const waits = failure(live.send('a0', 'say'));
      const stopping = live.stop({ drain: false });
      open();
      expect(await waits).toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
      return stopping;
    });
    expect(report).toMatchObject({ drained: false, delivered: 1, discarded: 3, arrived: 4, underWay: 0 });
  });

  test('leaves what does not come to its end in time, and names it', async () => {
    const model = cast({
      stuck0: { receive: () => new Promise(() => {}) },
      stuck1: { teardown: () => new Promise(() => {}) },
      endless1: { receive: (player) => player.send('endless1', 'again') },
    });
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('stuck0', 'say');
      await live.send('endless1', 'again');
      return live.stop({ timeout: 30 });
    });
    expect(report).toMatchObject({ drained: false, abandoned: ['stuck0', 'stuck1'] });
    expect(report.discarded).toBeGreaterThanOrEqual(1);
  });

  test('may be given up while it drains', async () => {
    const model = cast({ endless: { receive: (player) => player.send('endless', 'again') } });
    await withLive(model, {}, async (live) => {
      await live.send('endless', 'again');
      const draining = live.stop({ timeout: 60_000 });
      await turns(5);
      expect((await live.stop({ drain: false })).drained).toBe(false);
      expect((await draining).drained).toBe(false);
    });
  });

  test('comes when an agent says so, at once, with reason and value', async () => {
    const got: string[] = [];
    const model = cast({
      a0: {
        receive(player, { topic }) {
          got.push(topic);
          player.report('seen', topic);
          player.stop('done', { after: topic });
          player.send('b1', 'too late');
        },
        teardown: () => void got.push('ends'),
      },
      b1: {},
    });
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      const finished = live.finished();
      void live.send('a0', 'first');
      void live.send('a0', 'second').catch(() => {});
      const ends: LiveReport = await finished;
      expect(await live.stop()).toBe(ends);
      return ends;
    });
    expect(got).toEqual(['first', 'ends']);
    expect(report).toMatchObject({
      reason: 'stopped',
      by: { agent: 'a0', reason: 'done' },
      value: { after: 'first' },
      drained: false,
      results: { seen: { a0: 'first' } },
    });
  });

  test('comes when an agent says so in its setup', async () => {
    const model = cast({ a0: {}, a1: { setup: (player) => player.stop('not today') } });
    await withLive(model, { clusters: 2 }, async (live) => {
      expect(await live.finished()).toMatchObject({ by: { agent: 'a1', reason: 'not today' }, delivered: 0 });
      await expect(live.send('a0', 'say')).rejects.toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
    });
  });

  test('tears down every agent that was set up, once', async () => {
    const log: string[] = [];
    const part = {
      setup: () => void log.push('setup'),
      teardown: () => turns(2).then(() => void log.push('teardown')),
    };
    const parts = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`p${at}`, part]));
    await withLive(cast(parts), { clusters: 3 }, async (live) => {
      const report = await live.stop();
      expect(report.clusters.map(({ agents }) => agents)).toEqual([8, 6, 6]);
    });
    expect(log.filter((line) => line === 'setup')).toHaveLength(20);
    expect(log.slice(20)).toEqual(Array(20).fill('teardown'));
  });
});

describe('a live run that is paused', () => {
  test('handles nothing until it is resumed: by its owner', async () => {
    const got: unknown[] = [];
    const told: string[] = [];
    const model = cast({ a1: { receive: (_player, { body }) => void got.push(body) } });
    await withLive(model, { clusters: 2 }, async (live) => {
      live.on('paused', () => told.push('paused'));
      live.on('resumed', () => told.push('resumed'));
      live.pause();
      live.pause();
      expect(live.paused).toBe(true);
      expect(await live.send('a1', 'say', 1)).toBe('accepted');
      await turns(10);
      expect(got).toEqual([]);
      live.resume();
      live.resume();
      await live.idle();
      expect(got).toEqual([1]);
      expect(told).toEqual(['paused', 'resumed']);
    });
  });

  test('by an agent in its setup, and starts all the same', async () => {
    const got: unknown[] = [];
    const model = cast({
      a0: { setup: (player) => player.pause() },
      a1: { setup: () => turns(5), receive: () => void got.push(1) },
    });
    await withLive(model, { clusters: 2 }, async (live) => {
      expect(live.paused).toBe(true);
      await live.send('a1', 'say');
      await turns(5);
      expect(got).toEqual([]);
      live.resume();
      await live.idle();
      expect(got).toEqual([1]);
    });
  });

  test('by an agent, and ends all the same', async () => {
    const got: unknown[] = [];
    const model = cast({
      a0: { receive: (player) => player.pause() },
      b1: {
        receive(player, { body }) {
          got.push(body);
          player.add(player.constructor as never, { id: 'new1', args: [{}] as never });
        },
      },
    });
    await withLive(model, { clusters: 2 }, async (live) => {
      const paused = new Promise<void>((resolve) => live.once('paused', resolve));
      await live.send('a0', 'go');
      await paused;
      await live.send('b1', 'say', 1);
      await turns(5);
      expect(got).toEqual([]);
      const report = await live.stop();
      expect(report).toMatchObject({ drained: true, delivered: 2 });
    });
    expect(got).toEqual([1]);
  });
});

describe('closing', () => {
  const model = cast({ a: { receive: () => new Promise(() => {}) } });

  test('ends everything at once, and all who wait are told', async () => {
    const live = new Live(model);
    await live.start();
    await live.send('a', 'wait');
    const waiting = [live.idle(), live.finished(), live.stop()].map(failure);
    await live.close();
    await live.close();
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({ code: 'ERR_TROUPE_RUN_STATE', message: 'the live run was closed' });
    }
  });

  test('is possible before the start, during it, and after the end', async () => {
    await new Live(model).close();
    const starting = new Live(cast({ a: { setup: () => new Promise(() => {}) } }));
    const started = failure(starting.start());
    await starting.close();
    expect(await started).toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
    await using ended = new Live(model);
    await ended.start();
    await ended.stop();
    await ended.close();
  });

  test('tells of a failure that is still being dealt with', async () => {
    const { opened, open } = gate();
    const model = cast({
      a: { receive: () => Promise.reject(new Error('just now')) },
      slow: { receive: () => opened },
    });
    const live = new Live(model);
    await live.start();
    const failed = new Promise((resolve) => live.once('failure', resolve));
    await live.send('slow', 'go');
    await live.send('a', 'go');
    await failed;
    expect(await failure(live.close())).toMatchObject({ cause: { message: 'just now' } });
    open();
  });

  test('tells of a failure that nobody was told of, once', async () => {
    const live = new Live(cast({ a: { receive: () => Promise.reject(new Error('unheard')) } }));
    await live.start();
    const failed = new Promise((resolve) => live.once('failure', resolve));
    await live.send('a', 'go');
    await failed;
    await turns(20);
    expect(await failure(live.close())).toMatchObject({ cause: { message: 'unheard' } });
    await live.close();
  });
});

test('a run whose nodes are lost fails, and whoever waits is told', async () => {
  const { inProcess } = await import('@troupe/transport');
  const groups: { terminate(node: number, reason: Error): Promise<void> }[] = [];
  const transport = {
    ...inProcess(),
    launch: async (options: never) => {
      const group = await inProcess().launch(options);
      groups.push(group);
      return group;
    },
  };
  await withLive(cast({ a0: {}, a1: {} }), { clusters: 2, transport }, async (live) => {
    const finished = failure(live.finished());
    await groups[0]?.terminate(1, new Error('lost it'));
    expect((await finished).message).toBe('lost it');
    expect((await failure(live.send('a0', 'say'))).message).toBe('lost it');
  });
});
