import type { AlarmId, AlarmInfo, Message } from '@troupe/core';
import { describe, expect, test, vi } from 'vitest';
import { cast, failure, type Part, type Player, turns, withLive } from './fixtures/live-players.ts';

describe('time in a live run', () => {
  test('is seconds on the wall since the start, the same in all clusters, and goes on during a call', async () => {
    const times: number[] = [];
    const part: Part = {
      setup: (player) => void times.push(player.time),
      async receive(player, { sentAt }) {
        times.push(sentAt, player.time);
        const before = player.time;
        while (player.time === before) await turns(1);
        times.push(player.time);
      },
    };
    const started = performance.now();
    const model = cast({ a0: { receive: (player) => player.send('b1', 'say') }, b1: part });
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('a0', 'go');
      return live.stop();
    });
    const passed = (performance.now() - started) / 1000;
    expect(times).toHaveLength(4);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times[3]).toBeLessThanOrEqual(passed);
    expect(report.wallTime).toBeLessThanOrEqual(passed);
  });

  test('brings delayed messages and alarms when they are due and not before, in order', async () => {
    const got: string[] = [];
    const early: string[] = [];
    const due = new Map<string, number>();
    const receive = (player: Player, { topic, sentAt, from }: Message): void => {
      if (player.time < (due.get(topic) as number)) early.push(topic);
      expect(sentAt).toBeLessThanOrEqual(player.time);
      got.push(`${topic} ${from}`);
    };
    const model = cast({
      a0: {
        receive(player, message) {
          if (message.topic !== 'go') return receive(player, message);
          const set = (time: number, topic: string, to: string): void => {
            due.set(topic, time);
            player.setAlarmAt(time, topic, undefined, { to });
          };
          const { time } = player;
          set(time + 0.03, 'third', 'b1');
          set(time + 0.01, 'first', 'b1');
          set(time + 0.04, 'news', '*');
          set(time + 0.02, 'second', 'b1');
          set(time - 100, 'past', 'a0');
          // Those that are said by how long they take are due so long after they were said.
          due.set('sent', player.time + 0.02);
          player.send('b1', 'sent', undefined, 0.02);
          due.set('spread', player.time + 0.02);
          player.broadcast('spread', undefined, 0.02);
          due.set('set', player.time + 0.02);
          player.setAlarm(0.02, 'set');
        },
      },
      b1: { setup: (player) => player.subscribe({ sender: 'a0' }), receive },
    });
    await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('a0', 'go');
      await live.idle({ alarms: true });
    });
    expect(early).toEqual([]);
    expect(got.filter((line) => /^(first|second|third|news)/.test(line))).toEqual([
      'first a0',
      'second a0',
      'third a0',
      'news a0',
    ]);
    expect(got.filter((line) => /^(past|sent|spread|set)/.test(line)).sort()).toEqual([
      'past a0',
      'sent a0',
      'set a0',
      'spread a0',
    ]);
  });

  test('reaches beyond the longest timer of Node', async () => {
    const got: string[] = [];
    const model = cast({
      a: {
        receive(player, { topic }) {
          got.push(topic);
          if (topic !== 'go') return;
          player.setAlarm(2 ** 31 / 1000 + 60, 'far');
          player.send('a', 'farther', undefined, 1e9);
          player.setAlarm(1e12, 'farthest', undefined, { unref: true });
        },
      },
    });
    const timeouts: number[] = [];
    const spy = vi.spyOn(globalThis, 'setTimeout');
    try {
      const report = await withLive(model, {}, async (live) => {
        await live.send('a', 'go');
        await live.idle();
        // A timer above 2^31-1 ms fires after 1 ms: give one that is wrong the time to do so.
        await new Promise((resolve) => setTimeout(resolve, 20));
        await live.idle();
        return live.stop();
      });
      expect(report.alarmsLeft).toBe(3);
      timeouts.push(...spy.mock.calls.map(([, delay]) => delay ?? 0));
    } finally {
      spy.mockRestore();
    }
    expect(got).toEqual(['go']);
    expect(Math.max(...timeouts)).toBe(2 ** 31 - 1);
  });

  test('lets agents list and cancel what they set', async () => {
    const seen: Partial<AlarmInfo>[][] = [];
    const answers: unknown[] = [];
    const got: string[] = [];
    let alarm: AlarmId;
    const model = cast({
      a: {
        receive(player, { topic }) {
          got.push(topic);
          if (topic === 'set') {
            alarm = player.setAlarm(3600, 'mine');
            player.setAlarm(1800, 'theirs', undefined, { to: 'b' });
            player.setAlarm(900, 'all', undefined, { to: '*', unref: true });
            player.send('b', 'no alarm', undefined, 450);
          }
          if (topic === 'cancel') {
            answers.push(
              player.cancelAlarm(alarm),
              player.cancelAlarm(alarm),
              player.cancelAlarms({ to: '*' }),
            );
          }
          seen.push(player.alarms().map(({ topic, to }) => ({ topic, to: to as string })));
        },
      },
      b: { receive: (player) => void answers.push(player.cancelAlarms()) },
    });
    const report = await withLive(model, {}, async (live) => {
      await live.send('a', 'set');
      await live.send('b', 'cancel mine');
      await live.send('a', 'cancel');
      return live.stop();
    });
    const theirs = { topic: 'theirs', to: 'b' };
    expect(seen).toEqual([[{ topic: 'all', to: undefined }, theirs, { topic: 'mine', to: 'a' }], [theirs]]);
    expect(answers).toEqual([0, true, false, 1]);
    expect(report.alarmsLeft).toBe(2);
  });

  test.each([
    ['a negative delay', (player: Player) => player.send('a', 'x', undefined, -1), 'ERR_TROUPE_TIME'],
    ['a delay that is none', (player: Player) => player.setAlarm(Number.NaN, 'x'), 'ERR_TROUPE_TIME'],
    ['an infinite delay', (player: Player) => player.broadcast('x', undefined, Infinity), 'ERR_TROUPE_TIME'],
    ['an infinite time', (player: Player) => player.setAlarmAt(Infinity, 'x'), 'ERR_TROUPE_TIME'],
    ['a topic that is none', (player: Player) => player.send('a', 1 as never), 'ERR_TROUPE_TOPIC'],
    [
      'an id that is none',
      (player: Player) => player.setAlarm(1, 'x', undefined, { to: '@a' }),
      'ERR_TROUPE_AGENT_ID',
    ],
    ['a subscription to nothing', (player: Player) => player.subscribe({}), 'ERR_TROUPE_SUBSCRIPTION'],
  ])('refuses %s', async (_what, attempt, code) => {
    await withLive(cast({ a: { receive: attempt } }), {}, async (live) => {
      await live.send('a', 'go');
      expect((await failure(live.finished())).cause).toMatchObject({ code });
    });
  });

  test('makes an error of a delayed message known when it is due, as a failure of its sender', async () => {
    const model = cast({
      a0: { receive: (player) => player.send('b1', 'say', { f: () => {} }, 0.01) },
      b1: {},
    });
    await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('a0', 'go');
      await live.idle();
      const error = await failure(live.finished());
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'a0', topic: 'say' });
      expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_BODY_NOT_ENCODABLE' });
    });
  });
});

describe('idleness', () => {
  test('takes alarms into account where that is asked for, but for those that are unref’d', async () => {
    const got: string[] = [];
    const model = cast({
      a: {
        receive(player, { topic }) {
          got.push(topic);
          if (topic !== 'go') return;
          player.setAlarm(0.02, 'later');
          player.setAlarm(3600, 'never', undefined, { unref: true });
        },
      },
    });
    await withLive(model, {}, async (live) => {
      await live.send('a', 'go');
      await live.idle({ alarms: true });
      expect(got).toEqual(['go', 'later']);
    });
  });

  test('is waited for until the signal aborts', async () => {
    await withLive(
      cast({ a: { receive: () => new Promise(() => {}) } }),
      { handlerTimeout: 0 },
      async (live) => {
        await live.idle({ signal: AbortSignal.timeout(60_000) });
        await live.send('a', 'wait');
        const controller = new AbortController();
        const waiting = live.idle({ signal: controller.signal });
        controller.abort(new Error('enough'));
        await expect(waiting).rejects.toThrow('enough');
        await expect(live.idle({ signal: AbortSignal.abort(new Error('at once')) })).rejects.toThrow(
          'at once',
        );
        await live.stop({ timeout: 0 });
      },
    );
  });

  test('is found by all who wait for it, and by those who wait when the run ends', async () => {
    let isHandled = false;
    const model = cast({
      a: {
        receive: async () => {
          await turns(10);
          isHandled = true;
        },
      },
    });
    await withLive(model, { clusters: 3 }, async (live) => {
      await live.send('a', 'go');
      await Promise.all([live.idle(), live.idle({ alarms: true }), live.idle()]);
      expect(isHandled).toBe(true);
      live.pause();
      await live.send('a', 'go');
      const waiting = live.idle();
      await live.stop({ drain: false });
      await waiting;
    });
  });
});
