import { Agent, defineModel, Live, type LiveFailure, type Message, type SimulationError } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { cast, failure, gate, type Part, type Player, turns, withLive } from './fixtures/live-players.ts';

/** Throws, or rejects, on every message that says so. */
function fragile(log: string[] = []): Part {
  return {
    setup: (player) => void log.push(`setup ${player.id}`),
    receive(_player, { topic, body }) {
      log.push(`${topic} ${body}`);
      if (topic === 'throw') throw new RangeError(`no ${body}`);
      if (topic === 'reject') return turns(2).then(() => Promise.reject(new RangeError(`no ${body}`)));
      return undefined;
    },
    teardown: () => void log.push('teardown'),
  };
}

describe.each(['throw', 'reject'])('an agent that fails (%s)', (way) => {
  test('ends the run by default: with agent, topic, time, seed and cause', async () => {
    const log: string[] = [];
    const failures: LiveFailure[] = [];
    await withLive(cast({ a0: {}, a1: fragile(log) }), { clusters: 2, seed: 7 }, async (live) => {
      live.on('failure', (event) => failures.push(event));
      await live.send('a1', way, 'more');
      const error = await failure(live.finished());
      expect(error).toMatchObject({
        code: 'ERR_TROUPE_AGENT_FAILED',
        agent: 'a1',
        topic: way,
        time: expect.any(Number),
        seed: 7,
        cause: { name: 'RangeError', message: 'no more' },
      });
      expect(error.message).toMatch(
        /agent "a1" failed on topic "(throw|reject)" at \d+\.\d{3} s \(seed 7\): no more/,
      );
      expect(error.stack).toContain('node 1');
      expect(failures).toMatchObject([{ agent: 'a1', action: 'stop', error: { message: error.message } }]);
      // Whoever asks later is told the same.
      expect(await failure(live.stop())).toBe(error);
      expect(await failure(live.idle())).toBe(error);
      expect(await failure(live.send('a0', 'say'))).toBe(error);
    });
    // The others are torn down all the same; what failed, too.
    expect(log).toEqual(['setup a1', `${way} more`, 'teardown']);
  });

  test('is made anew with restart: the same arguments, what is before it, its subscriptions and its stream', async () => {
    const log: string[] = [];
    const draws: number[] = [];
    const made = new Set<Player>();
    const failures: LiveFailure[] = [];
    const part: Part = {
      ...fragile(log),
      setup(player) {
        made.add(player);
        draws.push(player.random.word());
        player.subscribe({ topic: 'news' });
        player.setAlarm(3600, 'alarm');
        log.push(`setup with ${player.alarms().length} alarms`);
      },
    };
    const model = cast({ a1: part, crier0: { receive: (player) => player.broadcast('news', 0) } });
    const options = { clusters: 2, supervision: { onError: 'restart' as const } };
    const report = await withLive(model, options, async (live) => {
      live.on('failure', (event) => failures.push(event));
      await live.send('a1', 'say', 1);
      await live.send('a1', way, 2);
      await live.send('a1', 'say', 3);
      await live.idle();
      await live.send('crier0', 'cry');
      return live.stop();
    });
    expect(log).toEqual([
      'setup with 1 alarms',
      'say 1',
      `${way} 2`,
      'teardown',
      'setup with 1 alarms',
      'say 3',
      'news 0',
      'teardown',
    ]);
    expect(made.size).toBe(2);
    expect(draws[0]).not.toBe(draws[1]);
    expect(failures).toMatchObject([{ agent: 'a1', action: 'restart' }]);
    expect(report).toMatchObject({ failures: 1, restarts: 1, delivered: 5, alarmsLeft: 1 });
  });

  test('ends the run when it is restarted too often, and is named with the limit', async () => {
    const options = { supervision: { onError: 'restart' as const, maxRestarts: 2, within: 60 } };
    await withLive(cast({ a: fragile(), b: fragile() }), options, async (live) => {
      // Each agent has a count of its own.
      for (const id of ['a', 'a', 'b', 'b']) await live.send(id, way, 1);
      await live.idle();
      await live.send('a', way, 2);
      const error = await failure(live.finished());
      expect(error).toMatchObject({
        code: 'ERR_TROUPE_RESTART_INTENSITY',
        agent: 'a',
        value: 2,
        cause: { code: 'ERR_TROUPE_AGENT_FAILED' },
      });
      expect(error.message).toContain('2 restarts within 60 s');
    });
  });

  test('is taken out with remove: what is before it, and what comes, are dead letters', async () => {
    const log: string[] = [];
    const { opened, open } = gate();
    const part: Part = {
      ...fragile(log),
      receive: async (player, message) => {
        await opened;
        return fragile(log).receive?.(player, message);
      },
    };
    const model = cast({ a1: part, spy0: { setup: (player) => player.subscribe({ receiver: 'a1' }) } });
    const report = await withLive(
      model,
      { clusters: 2, supervision: { onError: 'remove' } },
      async (live) => {
        for (const topic of [way, 'say', 'say']) await live.send('a1', topic, 1);
        open();
        await live.idle();
        expect(await live.send('a1', 'say', 2)).toBe('deadLetter');
        return live.stop();
      },
    );
    expect(log).toEqual(['setup a1', `${way} 1`, 'teardown']);
    expect(report).toMatchObject({ failures: 1, restarts: 0, deadLetters: 3 });
    expect(report.clusters[1]?.agents).toBe(0);
  });
});

describe('a setup that fails', () => {
  test('at the beginning ends the start, whatever supervision says', async () => {
    for (const onError of ['stop', 'restart', 'remove'] as const) {
      const part = { setup: () => turns(2).then(() => Promise.reject(new Error('no start'))) };
      const live = new Live(cast({ a0: {}, a1: part }), { clusters: 2, supervision: { onError } });
      expect(await failure(live.start())).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'a1' });
      await live.close();
    }
  });

  test('of an agent that was added counts as its failure: it is tried again, and then given up', async () => {
    let tries = 0;
    class Late extends Agent {
      override setup(): void {
        tries += 1;
        if (tries < 3) throw new Error('not yet');
      }
    }
    class Maker extends Agent {
      override receive(): void {
        this.add(Late, { id: 'late' });
      }
    }
    const model = defineModel({
      name: 'late',
      agents: [Maker, Late],
      populate: ({ add }) => add(Maker, { id: 'maker' }) as never,
    });
    await withLive(model, { supervision: { onError: 'restart' } }, async (live) => {
      await live.send('maker', 'go');
      await live.idle();
      expect(tries).toBe(3);
      expect(await live.send('late', 'hello')).toBe('accepted');
    });
    tries = -10;
    await withLive(model, { supervision: { onError: 'restart' } }, async (live) => {
      await live.send('maker', 'go');
      expect(await failure(live.finished())).toMatchObject({
        code: 'ERR_TROUPE_RESTART_INTENSITY',
        agent: 'late',
      });
    });
  });
});

describe('an agent that cannot be made', () => {
  let tries = 0;
  class Fussy extends Agent {
    constructor(least: number) {
      super();
      tries += 1;
      if (tries <= least) throw new Error(`try ${tries}`);
    }
  }
  class Named extends Agent {
    constructor() {
      super('another');
    }
  }
  class Maker extends Agent {
    override receive({ topic, body }: Message): void {
      if (topic === 'fussy') this.add(Fussy, { id: 1, args: [body] });
      if (topic === 'named') this.add(Named, { id: 1 });
      if (topic === 'twice') this.add(Maker, { id: 0 });
      if (topic === 'stranger') this.add(class Stranger extends Agent {}, { id: 5 });
    }
  }
  const model = defineModel({
    name: 'makers',
    agents: [Maker, Fussy, Named],
    populate: ({ add }) => add(Maker, { id: 0 }) as never,
  });

  test.each([1, 2])('is tried again where it is to be restarted, over %i clusters', async (clusters) => {
    tries = 0;
    await withLive(model, { clusters, supervision: { onError: 'restart' } }, async (live) => {
      await live.send(0, 'fussy', 2);
      await live.idle();
      expect(tries).toBe(3);
      expect(await live.send(1, 'hello')).toBe('accepted');
    });
  });

  test('is not there where it is to be removed', async () => {
    tries = 0;
    const report = await withLive(
      model,
      { clusters: 2, supervision: { onError: 'remove' } },
      async (live) => {
        await live.send(0, 'fussy', 9);
        await live.idle();
        expect(await live.send(1, 'hello')).toBe('deadLetter');
        return live.stop();
      },
    );
    expect(tries).toBe(1);
    expect(report.clusters.map(({ agents }) => agents)).toEqual([1, 0]);
  });

  test.each([
    ['fussy', 1, 'try 1'],
    ['named', 1, 'chose "another"'],
    ['twice', 0, 'already'],
    ['stranger', 0, 'not among the classes'],
  ])('ends the run where it is to stop (%s)', async (topic, agent, text) => {
    tries = 0;
    await withLive(model, { clusters: 2 }, async (live) => {
      await live.send(0, topic, 9);
      const error = (await failure(live.finished())) as unknown as SimulationError;
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent });
      expect(error.message).toContain(text);
    });
  });

  test('because there is one already is an error of who adds it, wherever that lives', async () => {
    const failures: LiveFailure[] = [];
    const report = await withLive(
      model,
      { clusters: 2, supervision: { onError: 'restart' } },
      async (live) => {
        live.on('failure', (event) => failures.push(event));
        await live.send(0, 'fussy', 0);
        await live.idle();
        await live.send(0, 'fussy', 0);
        return live.stop();
      },
    );
    expect(failures).toMatchObject([{ agent: 0, action: 'none' }]);
    expect(report).toMatchObject({ failures: 1, restarts: 0 });
  });
});

describe('a promise that does not settle in time', () => {
  test('is a failure of its agent, which is named with its topic', async () => {
    const model = cast({ a0: {}, a1: { receive: () => new Promise(() => {}) } });
    await withLive(model, { clusters: 2, handlerTimeout: 20 }, async (live) => {
      await live.send('a1', 'wait');
      expect(await failure(live.finished())).toMatchObject({
        code: 'ERR_TROUPE_HANDLER_TIMEOUT',
        agent: 'a1',
        topic: 'wait',
        value: 20,
        message: expect.stringContaining('handlerTimeout'),
      });
    });
  });

  test('of a setup ends the start', async () => {
    const live = new Live(cast({ a: { setup: () => new Promise(() => {}) } }), { handlerTimeout: 20 });
    expect(await failure(live.start())).toMatchObject({ code: 'ERR_TROUPE_HANDLER_TIMEOUT', agent: 'a' });
    await live.close();
  });

  test('is let go of with restart: what it still does reaches nobody, and the next agent goes on', async () => {
    const { opened, open } = gate();
    const log: string[] = [];
    const refused: unknown[] = [];
    const model = cast({
      a: {
        async receive(player, { topic }) {
          log.push(topic);
          if (topic !== 'wait') return;
          await opened;
          try {
            player.send('b', 'ghost');
          } catch (error) {
            refused.push(error);
          }
        },
      },
      b: { receive: (_player, { topic }) => void log.push(topic) },
    });
    const options = { handlerTimeout: 20, supervision: { onError: 'restart' as const } };
    const report = await withLive(model, options, async (live) => {
      await live.send('a', 'wait');
      await live.send('a', 'next');
      await live.idle();
      open();
      await turns(3);
      await live.idle();
      return live.stop();
    });
    expect(log).toEqual(['wait', 'next']);
    expect(refused).toMatchObject([{ code: 'ERR_TROUPE_AGENT_NOT_RUNNING' }]);
    expect(report).toMatchObject({ failures: 1, restarts: 1 });
  });

  test('is waited for without limit where the limit is 0', async () => {
    const { opened, open } = gate();
    await withLive(cast({ a: { receive: () => opened } }), { handlerTimeout: 0 }, async (live) => {
      await live.send('a', 'wait');
      await turns(20);
      open();
      await live.idle();
    });
  });
});

describe('a teardown that fails', () => {
  const part: Part = {
    receive: (player, { topic }) => {
      if (topic === 'leave') player.remove();
      if (topic === 'throw') throw new Error('first');
    },
    teardown: () => Promise.reject(new Error('no end')),
  };

  test('of an agent that is removed ends the run by default, and is told otherwise', async () => {
    await withLive(cast({ a: part }), {}, async (live) => {
      await live.send('a', 'leave');
      expect(await failure(live.finished())).toMatchObject({ agent: 'a', cause: { message: 'no end' } });
    });
    const failures: LiveFailure[] = [];
    const report = await withLive(cast({ a: part }), { supervision: { onError: 'remove' } }, async (live) => {
      live.on('failure', (event) => failures.push(event));
      await live.send('a', 'leave');
      return live.stop();
    });
    expect(failures).toMatchObject([{ agent: 'a', action: 'remove' }]);
    expect(report).toMatchObject({ failures: 1, abandoned: [] });
  });

  test('of one that is restarted does not count as another restart', async () => {
    const options = { supervision: { onError: 'restart' as const, maxRestarts: 1 } };
    const report = await withLive(cast({ a: part }), options, async (live) => {
      await live.send('a', 'throw');
      await live.idle();
      return live.stop();
    });
    // Once more when the run ends.
    expect(report).toMatchObject({ failures: 3, restarts: 1 });
  });
});

test('an agent that is restarted does not give its children the ids of those before', async () => {
  class Child extends Agent {}
  class Parent extends Agent {
    override setup(): void {
      this.add(Child);
    }
    override receive(): void {
      throw new Error('again');
    }
  }
  const model = defineModel({
    name: 'parents',
    agents: [Parent, Child],
    populate: ({ add }) => add(Parent, { id: 'p' }) as never,
  });
  const report = await withLive(model, { supervision: { onError: 'restart' } }, async (live) => {
    await live.send('p', 'go');
    await live.idle();
    return live.stop();
  });
  expect(report).toMatchObject({ failures: 1, clusters: [{ agents: 3 }] });
});
