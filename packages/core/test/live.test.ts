import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Agent,
  type AgentId,
  defineModel,
  Live,
  type LiveOptions,
  type LogEntry,
  type Message,
  OUTSIDE,
} from '@troupe/core';
import { inProcess } from '@troupe/transport';
import { describe, expect, test } from 'vitest';
import { BatchPlayer, cast, failure, gate, Player, turns, withLive } from './fixtures/live-players.ts';

const TROUBLE = new URL('./fixtures/trouble.ts', import.meta.url);

describe('a live run', () => {
  test('calls an agent again when the promise of its last call has settled', async () => {
    const gates = [gate(), gate(), gate()];
    const log: string[] = [];
    const model = cast({
      a: {
        async receive(_player, { body }) {
          log.push(`begins ${body}`);
          await gates[body as number]?.opened;
          log.push(`ends ${body}`);
        },
      },
      b: { receive: (_player, { body }) => void log.push(`b ${body}`) },
    });
    await withLive(model, {}, async (live) => {
      for (let index = 0; index < 3; index += 1) await live.send('a', 'go', index);
      // Others go on meanwhile.
      await live.send('b', 'go', 0);
      gates[2]?.open();
      gates[1]?.open();
      gates[0]?.open();
      await live.idle();
    });
    expect(log.indexOf('b 0')).toBeLessThan(log.indexOf('ends 0'));
    expect(log.filter((line) => !line.startsWith('b '))).toEqual([
      'begins 0',
      'ends 0',
      'begins 1',
      'ends 1',
      'begins 2',
      'ends 2',
    ]);
  });

  test('keeps the order from each sender to each receiver, over clusters and links that are full', async () => {
    const got = new Map<string, number[]>();
    const receive = (player: Player, { from, body }: Message): void => {
      const key = `${from}>${player.id}`;
      got.set(key, [...(got.get(key) ?? []), (body as { number: number }).number]);
    };
    const senders = ['s0', 's1', 's2'];
    const receivers = ['r0', 'r1', 'r2'];
    const parts = Object.fromEntries([
      ...receivers.map((id) => [id, { receive }]),
      ...senders.map((id) => [
        id,
        {
          receive(player: Player) {
            for (let number = 0; number < 400; number += 1) {
              for (const to of receivers) player.send(to, 'say', { number, cargo: 'x'.repeat(number) });
            }
          },
        },
      ]),
    ]);
    const options = { clusters: 3, transport: inProcess({ capacity: 1024 }), mailbox: { capacity: 7 } };
    const report = await withLive(cast(parts), options, async (live) => {
      for (const id of senders) await live.send(id, 'go');
      await live.idle();
      return live.stop();
    });
    expect(got.size).toBe(9);
    for (const numbers of got.values()) expect(numbers).toEqual(Array.from({ length: 400 }, (_, at) => at));
    expect(report).toMatchObject({
      delivered: 3603,
      arrived: 3603,
      drained: true,
      underWay: 0,
      discarded: 0,
    });
    expect(report.waited).toBeGreaterThan(1000);
  });

  test('lets subscriptions of setup take hold before the first message, in all clusters', async () => {
    const got: string[] = [];
    const model = cast({
      loud0: {
        setup(player) {
          player.broadcast('news', 1);
          player.send('deaf1', 'whisper', 2);
        },
      },
      deaf1: {},
      // The last to be set up, and slow at it.
      ear2: {
        async setup(player) {
          await turns(20);
          player.subscribe({ topic: 'news' });
          player.subscribe({ receiver: 'deaf1' });
        },
        receive: (_player, { topic, from, to, body }) => void got.push(`${topic} ${from} ${to} ${body}`),
      },
    });
    await withLive(model, { clusters: 3 }, (live) => live.idle());
    expect(got.sort()).toEqual(['news loud0 undefined 1', 'whisper loud0 deaf1 2']);
  });

  test('changes the world as soon as the command arrives', async () => {
    const got: string[] = [];
    const part = { receive: (player: Player, { topic }: Message) => void got.push(`${player.id} ${topic}`) };
    const model = cast({
      boss0: {
        receive(player, { topic }) {
          if (topic === 'hire') player.add(Player, { id: 'new1', args: [part as never] });
          if (topic === 'hire') player.send('new1', 'welcome');
          if (topic === 'listen') player.subscribe({ topic: 'news' });
          if (topic === 'deafen') player.unsubscribe();
          if (topic === 'fire') player.remove('new1');
          if (topic === 'fire') player.send('new1', 'too late');
          got.push(`boss ${topic} ${player.subscriptions().length} ${player.subscribedTopics().length}`);
        },
      },
      crier0: { receive: (player) => player.broadcast('news') },
    });
    // Over two clusters an added agent is an object of another node: here all share one thread, and the part.
    const letters: unknown[] = [];
    const report = await withLive(model, { clusters: 1 }, async (live) => {
      live.on('deadLetter', (letter) => letters.push(letter));
      for (const topic of ['hire', 'listen']) await live.send('boss0', topic);
      await live.idle();
      await live.send('crier0', 'cry');
      await live.idle();
      for (const topic of ['deafen', 'fire']) await live.send('boss0', topic);
      await live.idle();
      expect(await live.send('new1', 'hello')).toBe('deadLetter');
      return live.stop();
    });
    expect(got).toEqual([
      'boss hire 0 0',
      'new1 welcome',
      'boss listen 1 1',
      'boss news 1 1',
      'boss deafen 0 0',
      'boss fire 0 0',
    ]);
    expect(letters).toMatchObject([
      { to: 'new1', from: 'boss0', topic: 'too late', round: 0 },
      { to: 'new1', from: OUTSIDE, topic: 'hello' },
    ]);
    expect(report).toMatchObject({ deadLetters: 2, clusters: [{ agents: 2 }] });
  });

  test('adds agents in other clusters, and another under the id of one that is leaving', async () => {
    type Talk = { go: undefined; say: string };
    const got: string[] = [];
    class Child extends Agent<Talk> {
      readonly #name: string;
      constructor(name: string) {
        super();
        this.#name = name;
      }
      override receive({ body }: Message<Talk>): void {
        got.push(`${this.#name} ${body}`);
      }
      override async teardown(): Promise<void> {
        await turns(5);
        got.push(`${this.#name} leaves`);
      }
    }
    class Parent extends Agent<Talk> {
      override receive({ topic }: Message<Talk>): void {
        if (topic === 'go') {
          this.add(Child, { id: 1, args: ['first'] });
          this.send(1, 'say', 'a');
          return;
        }
        this.remove(1);
        this.send(1, 'say', 'lost');
        this.add(Child, { id: 1, args: ['second'] });
        this.send(1, 'say', 'b');
      }
    }
    const model = defineModel({
      name: 'family',
      agents: [Parent, Child],
      populate: ({ add }) => add(Parent, { id: 0 }) as never,
    });
    for (const clusters of [1, 2]) {
      got.length = 0;
      const report = await withLive(model, { clusters }, async (live) => {
        for (const topic of ['go', 'say']) {
          await live.send(0, topic);
          await live.idle();
        }
        return live.stop();
      });
      expect(got).toEqual(['first a', 'first leaves', 'second b', 'second leaves']);
      expect(report).toMatchObject({ delivered: 4, deadLetters: 1 });
    }
  });

  test('hands all that is there to an agent that overrides update, and awaits what super does with it', async () => {
    const got: string[] = [];
    const first = gate();
    const model = cast({
      a: {
        update(_player, inbox) {
          got.push(`${inbox.length}`);
          return got.length === 1 ? first.opened : (undefined as never);
        },
        async receive(_player, { body }) {
          await turns(2);
          got.push(`${body}`);
        },
      },
    });
    await withLive(model, {}, async (live) => {
      for (const body of [1, 2, 3]) await live.send('a', 'say', body);
      first.open();
      await live.idle();
    });
    expect(got).toEqual(['1', '2', '2', '3']);
    expect(BatchPlayer.prototype.update).not.toBe(Player.prototype.update);
  });

  test('awaits handlers of a table', async () => {
    type Talk = { slow: number };
    const got: string[] = [];
    class Desk extends Agent<Talk> {
      static override readonly handlers = {
        async slow(body: number) {
          await turns(5);
          got.push(`slow ${body}`);
        },
      };
    }
    const model = defineModel({
      name: 'desk',
      agents: [Desk],
      populate: ({ add }) => add(Desk, { id: 'd' }) as never,
    });
    await withLive(model, {}, async (live) => {
      await live.send('d', 'slow', 1);
      await live.send('d', 'slow', 2);
      await live.idle();
      expect(got).toEqual(['slow 1', 'slow 2']);
      const error = await failure(live.send('d', 'unknown').then(() => live.finished()));
      expect(error).toMatchObject({
        code: 'ERR_TROUPE_AGENT_FAILED',
        cause: { code: 'ERR_TROUPE_HANDLER_MISSING' },
      });
    });
  });

  test('runs a model that was written for simulated time', async () => {
    const options = { clusters: 2, params: { kind: 'stop', stride: 0.002 }, seed: 3 };
    const report = await withLive(TROUBLE, options, (live) => live.finished());
    expect(report).toMatchObject({
      reason: 'stopped',
      by: { agent: 1, reason: 'enough' },
      value: { by: 1 },
      seed: 3,
      failures: 0,
      deadLetters: 0,
    });
    expect(report.wallTime).toBeGreaterThan(0.01);
  });

  test('tells bodies apart from what was sent: layouts round, and what cannot be sent is refused by name', async () => {
    const { layout } = await import('@troupe/core');
    const got: unknown[] = [];
    class Teller extends Agent<{ number: number; any: unknown }> {
      override receive({ topic, body }: Message<{ number: number; any: unknown }>): void {
        if (topic !== 'number') return;
        got.push(body);
        if (this.id === 0) this.send(1, 'number', body);
        if (this.id === 1) this.send(0, 'any', { f: [() => {}] });
      }
    }
    const model = defineModel({
      name: 'tellers',
      agents: [Teller],
      layouts: { number: layout('f32') },
      populate: ({ add }) => {
        add(Teller, { id: 0 });
        add(Teller, { id: 1 });
      },
    });
    await withLive(model, { clusters: 2 }, async (live) => {
      await live.send(0, 'number', 0.1);
      const error = await failure(live.finished());
      expect(error).toMatchObject({
        code: 'ERR_TROUPE_AGENT_FAILED',
        agent: 1,
        cause: { code: 'ERR_TROUPE_BODY_NOT_ENCODABLE' },
      });
      expect(error.message).toContain('agent 1 sends "any" to agent 0');
      expect(got).toEqual([Math.fround(0.1), Math.fround(0.1)]);
      expect(await failure(live.send(0, 'number', 'x' as never))).toBe(error);
    });
    await withLive(model, {}, async (live) => {
      expect(await failure(live.send(0, 'number', 'x' as never))).toMatchObject({
        code: 'ERR_TROUPE_LAYOUT_VALUE',
      });
    });
  });

  test('goes on for ever with agents that are born and die, in all clusters', async () => {
    class Mayfly extends Agent<{ live: number }> {
      override receive({ body }: Message<{ live: number }>): void {
        this.report('generation', body);
        if (body === 0) return;
        const next = (this.id as number) + 1;
        this.add(Mayfly, { id: next });
        this.send(next, 'live', body - 1);
        this.remove();
      }
    }
    const model = defineModel({
      name: 'mayflies',
      agents: [Mayfly],
      populate: ({ add }) => add(Mayfly, { id: 0 }) as never,
    });
    const generations = 12_000;
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      await live.send(0, 'live', generations);
      await live.idle();
      return live.stop();
    });
    expect(report).toMatchObject({ delivered: generations + 1, deadLetters: 0 });
    expect(Object.keys(report.results['generation'] ?? {})).toHaveLength(generations + 1);
  });
});

describe('what a live run tells', () => {
  test('are log entries of at least the level, while somebody listens', async () => {
    const model = cast({
      a: {
        receive(player, { body }) {
          player.log('info', `got ${body}`);
          player.log('warn', 'warned', { body });
        },
      },
    });
    await withLive(model, { logLevel: 'warn' }, async (live) => {
      const entries: LogEntry[] = [];
      const listener = (entry: LogEntry): void => void entries.push(entry);
      await live.send('a', 'say', 1);
      live.on('log', listener);
      await live.idle();
      await live.send('a', 'say', 2);
      await live.idle();
      live.off('log', listener);
      await live.idle();
      await live.send('a', 'say', 3);
      await live.idle();
      expect(entries).toMatchObject([
        { level: 'warn', agent: 'a', text: 'warned', data: { body: 2 }, round: 0 },
      ]);
      expect(entries[0]?.time).toBeGreaterThan(0);
    });
  });

  test('are at most 1,000 dead letters in a second, while all are counted', async () => {
    const model = cast({
      a: {
        receive(player) {
          for (let count = 0; count < 5000; count += 1) player.send('nobody', 'say');
        },
      },
    });
    const published: unknown[] = [];
    const onLetter = (letter: unknown): void => void published.push(letter);
    subscribe('troupe:dead-letter', onLetter);
    try {
      await withLive(model, {}, async (live) => {
        let told = 0;
        live.on('deadLetter', () => {
          told += 1;
        });
        await live.idle();
        await live.send('a', 'go');
        const report = await live.stop();
        expect(report.deadLetters).toBe(5000);
        expect(told).toBeGreaterThanOrEqual(1000);
        expect(told).toBeLessThanOrEqual(2000);
        expect(published.length).toBe(5000);
      });
    } finally {
      unsubscribe('troupe:dead-letter', onLetter);
    }
  });

  test('is not heard by those who are outside: what is sent there is a dead letter', async () => {
    const model = cast({ a: { receive: (player, { from }) => player.send(from as AgentId, 'answer') } });
    const report = await withLive(model, { clusters: 2 }, async (live) => {
      await live.send('a', 'ask');
      return live.stop();
    });
    expect(report).toMatchObject({ deadLetters: 1, delivered: 1 });
  });
});

describe('a live run refuses', () => {
  const model = cast({ a: {} });

  test.each([
    ['an option that there is not', { digest: true }, 'digest'],
    ['half a cluster', { clusters: 1.5 }, 'clusters'],
    ['no transport', { transport: inProcess as never }, 'transport'],
    ['a mailbox without room', { mailbox: { capacity: 0 } }, 'mailbox.capacity'],
    ['a mailbox of half a message', { mailbox: { capacity: 1.5 } }, 'mailbox.capacity'],
    ['a policy that there is not', { mailbox: { whenFull: 'drop' as never } }, 'whenFull'],
    ['an option of mailboxes that there is not', { mailbox: { size: 3 } as never }, 'size'],
    ['mailboxes that are no object', { mailbox: null as never }, 'mailbox'],
    ['supervision that is no object', { supervision: 'restart' as never }, 'supervision'],
    ['to continue after a failure', { supervision: { onError: 'continue' as never } }, 'onError'],
    ['a negative number of restarts', { supervision: { maxRestarts: -1 } }, 'maxRestarts'],
    ['a period that never ends', { supervision: { within: Number.POSITIVE_INFINITY } }, 'within'],
    ['a timeout that cannot be set', { handlerTimeout: 2 ** 31 }, 'handlerTimeout'],
    ['a level of logs that there is not', { logLevel: 'off' as never }, 'logLevel'],
    ['a seed that is no number', { seed: Number.NaN }, 'seed'],
  ])('%s', (_what, options, name) => {
    expect(() => new Live(model, options as LiveOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_OPTION', message: expect.stringContaining(name) }),
    );
  });

  test('what is asked of it at the wrong time', async () => {
    const wrong = expect.objectContaining({ code: 'ERR_TROUPE_RUN_STATE' });
    const live = new Live(model);
    await expect(live.send('a', 'say')).rejects.toEqual(wrong);
    await expect(live.idle()).rejects.toEqual(wrong);
    await expect(live.stop()).rejects.toEqual(wrong);
    expect(() => live.pause()).toThrow(wrong);
    await live.start();
    await expect(live.start()).rejects.toEqual(wrong);
    await live.stop();
    await live.idle();
    await expect(live.send('a', 'say')).rejects.toEqual(wrong);
    expect(() => live.resume()).toThrow(wrong);
    await live.close();
    await expect(live.stop()).rejects.toEqual(wrong);
  });

  test('options of its methods that are none, and messages to what cannot be an agent', async () => {
    const wrong = expect.objectContaining({ code: 'ERR_TROUPE_OPTION' });
    await withLive(model, {}, async (live) => {
      await expect(live.idle({ signal: {} as never })).rejects.toEqual(wrong);
      await expect(live.idle({ alarms: 1 as never })).rejects.toEqual(wrong);
      await expect(live.idle({ wait: true } as never)).rejects.toEqual(wrong);
      await expect(live.stop({ timeout: -1 })).rejects.toEqual(wrong);
      await expect(live.stop({ drain: 'yes' as never })).rejects.toEqual(wrong);
      await expect(live.send('@a', 'say')).rejects.toMatchObject({ code: 'ERR_TROUPE_AGENT_ID' });
      await expect(live.send('a', 1 as never)).rejects.toMatchObject({ code: 'ERR_TROUPE_TOPIC' });
    });
  });

  test('agents that would be awake in every round, and handlers that are generators', async () => {
    class Awake extends Agent {
      constructor() {
        super();
        this.keepAwake = true;
      }
    }
    class Lazy extends Agent {}
    Object.assign(Lazy.prototype, { *receive() {} });
    const of = (agentClass: typeof Awake | typeof Lazy) =>
      defineModel({
        name: 'm',
        agents: [agentClass],
        populate: ({ add }) => add(agentClass, { id: 'a' }) as never,
      });
    for (const [agentClass, code] of [
      [Awake, 'ERR_TROUPE_LIVE_UNSUPPORTED'],
      [Lazy, 'ERR_TROUPE_ASYNC_HANDLER'],
    ] as const) {
      const live = new Live(of(agentClass));
      expect(await failure(live.start())).toMatchObject({ code });
      await live.close();
    }
    await withLive(
      cast({ a: { receive: (player) => Object.assign(player, { keepAwake: true }) } }),
      {},
      async (live) => {
        await live.send('a', 'go');
        expect(await failure(live.finished())).toMatchObject({
          cause: { code: 'ERR_TROUPE_LIVE_UNSUPPORTED' },
        });
      },
    );
  });

  test('a model that cannot be loaded, or parameters that it has not', async () => {
    const missing = new Live(new URL('./fixtures/no-such-model.ts', import.meta.url));
    expect(await failure(missing.start())).toMatchObject({ code: 'ERR_TROUPE_MODEL_LOAD' });
    await missing.close();
    const live = new Live(TROUBLE, { params: { sort: 'x' } });
    expect(await failure(live.start())).toMatchObject({ code: 'ERR_TROUPE_PARAM' });
    expect(await failure(live.start())).toMatchObject({ code: 'ERR_TROUPE_PARAM' });
    await live.close();
    await live.close();
  });
});
