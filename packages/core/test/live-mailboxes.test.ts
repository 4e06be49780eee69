import type { DroppedMessage, Message, Overflow } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { cast, failure, gate, type Part, type Player, turns, withLive } from './fixtures/live-players.ts';

/** A slow agent that keeps what it gets; its first message is `hold`, which it is at until the gate opens. */
function slow(): { part: Part; got: unknown[]; open: () => void } {
  const { opened, open } = gate();
  const got: unknown[] = [];
  const part: Part = {
    receive(_player, { topic, body }) {
      if (topic === 'hold') return opened;
      got.push(body);
      return undefined;
    },
  };
  return { part, got, open };
}

/** Sends as many numbers as it is told to, from where it left off, to whom it is told. */
function sender(to: string, from = 0): Part {
  let next = from;
  return {
    receive(player, { topic, body }) {
      if (topic !== 'send') return;
      for (let count = body as number; count > 0; count -= 1) {
        player.send(to, 'say', next);
        next += 1;
      }
    },
  };
}

describe.each([
  ['in the same cluster', 'slow0'],
  ['in another cluster', 'slow1'],
])('a full mailbox %s', (_where, id) => {
  test('lets its senders wait: they handle nothing further, and nothing is lost', async () => {
    const { part, got, open } = slow();
    const seen: string[] = [];
    const echo: Part = {
      receive(player, message) {
        seen.push(message.topic);
        return sender(id).receive?.(player, message);
      },
    };
    const model = cast({ s0: echo, [id]: part, other0: { receive: () => void seen.push('other') } });
    const report = await withLive(model, { clusters: 2, mailbox: { capacity: 3 } }, async (live) => {
      await live.send(id, 'hold');
      await live.send('s0', 'send', 5);
      // Across clusters the news that it must wait takes its time.
      await turns(20);
      await live.send('s0', 'send', 1);
      await live.send('s0', 'look');
      await live.send('other0', 'look');
      await turns(20);
      expect(seen).toEqual(['send', 'other']);
      open();
      await live.idle();
      return live.stop();
    });
    expect(seen).toEqual(['send', 'other', 'send', 'look']);
    expect(got).toEqual([0, 1, 2, 3, 4, 0]);
    expect(report).toMatchObject({ highWater: 5, excused: 0 });
    expect(report.waited).toBeGreaterThanOrEqual(2);
  });

  test('takes from outside as soon as there is room', async () => {
    const { part, got, open } = slow();
    await withLive(cast({ [id]: part }), { clusters: 2, mailbox: { capacity: 2 } }, async (live) => {
      await live.send(id, 'hold');
      await live.send(id, 'say', 1);
      await live.send(id, 'say', 2);
      let isTaken = false;
      const third = live.send(id, 'say', 3).then((outcome) => {
        isTaken = true;
        return outcome;
      });
      await turns(20);
      expect(isTaken).toBe(false);
      open();
      expect(await third).toBe('accepted');
      await live.idle();
      expect(got).toEqual([1, 2, 3]);
    });
  });

  test.each([
    ['drop-oldest', [3, 4], { droppedOldest: 3 }],
    ['drop-newest', [0, 1], { droppedNewest: 3 }],
  ] as const)(
    'with the policy %s keeps what the policy says, counts the rest and tells',
    async (whenFull, kept, counts) => {
      const { part, got, open } = slow();
      const dropped: DroppedMessage[] = [];
      const model = cast({ s0: sender(id), [id]: part });
      const report = await withLive(
        model,
        { clusters: 2, mailbox: { capacity: 2, whenFull } },
        async (live) => {
          live.on('dropped', (message) => dropped.push(message));
          await live.send(id, 'hold');
          await live.send('s0', 'send', 5);
          await turns(20);
          open();
          await live.idle();
          return live.stop();
        },
      );
      expect(got).toEqual(kept);
      expect(report).toMatchObject({
        droppedOldest: 0,
        droppedNewest: 0,
        waited: 0,
        highWater: 2,
        ...counts,
      });
      expect(dropped).toHaveLength(3);
      expect(dropped[0]).toMatchObject({ to: id, from: 's0', topic: 'say', whenFull });
    },
  );

  test('with the policy error makes its sender fail', async () => {
    const { part, open } = slow();
    const model = cast({ s0: sender(id), [id]: part });
    await withLive(model, { clusters: 2, mailbox: { capacity: 2, whenFull: 'error' } }, async (live) => {
      live.on('failure', open);
      await live.send(id, 'hold');
      await live.send('s0', 'send', 3);
      const error = await failure(live.finished());
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 's0' });
      expect(error.cause).toMatchObject({
        code: 'ERR_TROUPE_MAILBOX_FULL',
        agent: 's0',
        topic: 'say',
        value: id,
      });
    });
  });

  test('answers those who send from outside as its policy says', async () => {
    for (const [whenFull, outcome] of [
      ['drop-oldest', 'accepted'],
      ['drop-newest', 'dropped'],
      ['error', 'ERR_TROUPE_MAILBOX_FULL'],
    ] as const) {
      const { part, open } = slow();
      await withLive(
        cast({ [id]: part }),
        { clusters: 2, mailbox: { capacity: 1, whenFull } },
        async (live) => {
          await live.send(id, 'hold');
          await live.send(id, 'say', 1);
          const answer = live.send(id, 'say', 2).catch((error: { code: string }) => error.code);
          expect(await answer).toBe(outcome);
          open();
        },
      );
    }
  });
});

test('a send that is an error is sent to nobody, not to subscribers either', async () => {
  const { part, open } = slow();
  const got: string[] = [];
  const errors: string[] = [];
  const model = cast({
    slow0: part,
    spy0: {
      setup: (player) => player.subscribe({ topic: 'say' }),
      receive: (_player, { topic }) => void got.push(topic),
    },
    s0: {
      receive(player) {
        for (const attempt of [() => player.send('slow0', 'say'), () => player.broadcast('say')]) {
          try {
            attempt();
          } catch (error) {
            errors.push((error as { code: string }).code);
          }
        }
      },
    },
  });
  await withLive(model, { mailbox: { capacity: 1, whenFull: 'error' } }, async (live) => {
    await live.send('slow0', 'hold');
    await live.send('slow0', 'fill');
    await live.send('s0', 'go');
    await turns(20);
    expect(errors).toEqual(['ERR_TROUPE_MAILBOX_FULL']);
    expect(got).toEqual(['say']);
    open();
  });
});

test('an agent never waits for itself', async () => {
  let rounds = 0;
  const model = cast({
    a: {
      receive(player) {
        rounds += 1;
        if (rounds < 50) for (let count = 0; count < 2; count += 1) player.send('a', 'again');
      },
    },
  });
  const report = await withLive(model, { mailbox: { capacity: 1 } }, async (live) => {
    await live.send('a', 'go');
    await live.idle();
    return live.stop();
  });
  expect(report).toMatchObject({ delivered: 99, waited: 0 });
});

test('waits for a link that is full, and goes on when it has room', async () => {
  const sent: number[] = [];
  const received: number[] = [];
  const model = cast({
    s0: {
      receive(player, { body }) {
        sent.push(body as number);
        player.send('r1', 'say', { number: body, cargo: new Uint8Array(200_000) });
      },
    },
    r1: {
      receive(_player, { body }) {
        received.push((body as { number: number }).number);
      },
    },
  });
  await withLive(model, { clusters: 2 }, async (live) => {
    for (let number = 0; number < 60; number += 1) await live.send('s0', 'go', number);
    await live.idle();
  });
  expect(sent).toHaveLength(60);
  expect(received).toEqual(sent);
});

describe('agents that wait for each other in a circle', () => {
  /** Answers each message with as many as it is told. */
  const answering = (to: string, count: number): Part => ({
    async receive(player: Player, { body }: Message) {
      await turns(1);
      if ((body as number) === 0) return;
      for (let sent = 0; sent < count; sent += 1) player.send(to, 'say', (body as number) - 1);
    },
  });

  test.each([
    ['one cluster', 1],
    ['two clusters', 2],
  ])('in %s go on: one mailbox takes more than it has room for, and it is told', async (_where, clusters) => {
    const overflows: Overflow[] = [];
    const model = cast({ a0: answering('b1', 1), b1: answering('a0', 1) });
    const report = await withLive(model, { clusters, mailbox: { capacity: 5 } }, async (live) => {
      live.on('overflow', (overflow) => overflows.push(overflow));
      await live.idle();
      live.pause();
      const sent = [
        ...Array.from({ length: 8 }, () => live.send('a0', 'say', 20)),
        ...Array.from({ length: 8 }, () => live.send('b1', 'say', 20)),
      ];
      await turns(20);
      live.resume();
      await Promise.all(sent);
      await live.idle();
      return live.stop();
    });
    expect(report).toMatchObject({ delivered: 16 * 21, discarded: 0 });
    expect(report.excused).toBeGreaterThan(0);
    expect(overflows[0]).toEqual({
      time: expect.any(Number),
      agent: 'a0',
      cycle: ['a0', 'b1'],
      messages: expect.any(Number),
    });
    expect(overflows.reduce((sum, { messages }) => sum + messages, 0)).toBe(report.excused);
  });

  test.each([
    ['one cluster', 1],
    ['three clusters', 3],
  ])('in %s end the run by name, when they send ever more', async (_where, clusters) => {
    const model = cast({ a0: answering('b1', 2), b1: answering('c2', 2), c2: answering('a0', 2) });
    await withLive(model, { clusters, mailbox: { capacity: 3 } }, async (live) => {
      await live.send('a0', 'say', 30);
      const error = await failure(live.finished());
      expect(error).toMatchObject({
        code: 'ERR_TROUPE_MAILBOX_DEADLOCK',
        value: '"a0" -> "b1" -> "c2" -> "a0"',
      });
    });
  });
});
