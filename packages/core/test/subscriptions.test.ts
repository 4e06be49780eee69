import { type AgentId, OUTSIDE, Scheduler, type Subscription } from '@troupe/core';
import { describe, expect, it } from 'vitest';
import { Actor, runWith } from './fixtures/actor.ts';

/** Does at certain times what it was told. */
function acting(id: AgentId, acts: Readonly<Record<number, (self: Actor) => void>>): Actor {
  return new Actor(id, {
    setup: (self) => {
      for (const time of Object.keys(acts)) self.setAlarmAt(Number(time), 'act', undefined);
    },
    receive: (self, { topic }) => {
      if (topic === 'act') acts[self.time]?.(self);
    },
  });
}

const news = (actor: Actor): unknown[] =>
  actor.heard.filter(({ topic }) => topic === 'news').map(({ body }) => body);

describe('a subscription by sender, receiver and topic', () => {
  // Each message as [sender, receiver, topic]; without receiver it is a broadcast.
  const messages: readonly (readonly [AgentId, AgentId | undefined, string])[] = ['anna', 'bob'].flatMap(
    (from) =>
      ['x', 'y'].flatMap((topic) => [undefined, 'carl', 'dora'].map((to) => [from, to, topic] as const)),
  );
  const kinds: Subscription[] = [
    { sender: 'anna' },
    { receiver: 'carl' },
    { topic: 'x' },
    { sender: 'anna', receiver: 'carl' },
    { sender: 'anna', topic: 'x' },
    { receiver: 'carl', topic: 'x' },
    { sender: 'anna', receiver: 'carl', topic: 'x' },
  ];
  const fits = (subscription: Subscription, [from, to, topic]: (typeof messages)[number]): boolean =>
    (subscription.sender ?? from) === from &&
    (subscription.receiver === undefined || subscription.receiver === to) &&
    (subscription.topic ?? topic) === topic;
  const talker = (id: AgentId): Actor =>
    new Actor(id, {
      setup: (self) => {
        for (const [from, to, topic] of messages) {
          if (from !== id) continue;
          if (to === undefined) self.broadcast(topic, `${from} ${to} ${topic}`);
          else self.send(to, topic, `${from} ${to} ${topic}`);
        }
      },
    });

  it.each(kinds)('hears what fits it and nothing else: %o', (subscription) => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe(subscription) });
    const carl = new Actor('carl');
    runWith(talker('anna'), talker('bob'), carl, new Actor('dora'), spy);
    const expected = messages.filter((message) => fits(subscription, message));
    expect(expected.length).toBeGreaterThan(0);
    expect(spy.bodies).toEqual(expected.map((message) => message.join(' ').replace('  ', ' undefined ')));
    expect(spy.heard.map(({ from, to, topic }) => [from, to, topic])).toEqual(expected);
    expect(carl.heard).toHaveLength(4);
  });

  it('makes one copy of a message that fits several of one agent', () => {
    const spy = new Actor('spy', {
      setup: (self) => {
        for (const subscription of kinds) self.subscribe(subscription);
      },
    });
    runWith(spy, new Actor('carl'), new Actor('anna', { setup: (self) => self.send('carl', 'x', 1) }));
    expect(spy.bodies).toEqual([1]);
  });

  it('makes none for the receiver itself, which has the original', () => {
    const body = { original: true };
    const carl = new Actor('carl', {
      setup: (self) => {
        self.subscribe({ topic: 'x' });
        self.subscribe({ receiver: 'carl' });
      },
    });
    const scheduler = runWith(carl, new Actor('anna', { setup: (self) => self.send('carl', 'x', body) }));
    scheduler.send('carl', 'x', body);
    scheduler.run();
    expect(carl.heard).toHaveLength(2);
    for (const message of carl.heard) expect(message.body).toBe(body);
  });

  it('hears the subscriber itself', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.subscribe({ topic: 'news' });
        self.subscribe({ sender: 'anna' });
        self.broadcast('news', 1);
        self.send('carl', 'letter', 2);
      },
    });
    runWith(anna, new Actor('carl'));
    expect(anna.heard.map(({ from, to, body }) => [from, to, body])).toEqual([
      ['anna', undefined, 1],
      ['anna', 'carl', 2],
    ]);
  });

  it('hears messages from outside by topic and receiver', () => {
    const spy = new Actor('spy', {
      setup: (self) => {
        self.subscribe({ topic: 'x' });
        self.subscribe({ receiver: 'carl' });
      },
    });
    const scheduler = runWith(spy, new Actor('carl'));
    scheduler.send('carl', 'y', 1);
    scheduler.send('dora', 'x', 2);
    scheduler.broadcast('x', 3);
    scheduler.run();
    expect(spy.heard.map(({ from, body }) => [from, body])).toEqual([
      [OUTSIDE, 1],
      [OUTSIDE, 2],
      [OUTSIDE, 3],
    ]);
  });

  it('may name agents that do not exist yet', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ sender: 'late' }) });
    const scheduler = runWith(spy);
    scheduler.add(new Actor('late', { setup: (self) => self.send('nobody', 'hello', 1) }));
    scheduler.run();
    expect(spy.bodies).toEqual([1]);
  });

  it('gets no copy of an alarm set for another: that can still be called back', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: 'ring' }) });
    const carl = new Actor('carl');
    runWith(spy, carl, new Actor('anna', { setup: (self) => self.setAlarm(2, 'ring', 1, { to: 'carl' }) }));
    expect(carl.at).toEqual([2]);
    expect(spy.bodies).toEqual([]);
  });

  it.each([0, '', -5, 'with "quotes"', '["a",null]'])('works with the id %j', (id) => {
    const bySender = new Actor('by sender', { setup: (self) => self.subscribe({ sender: id }) });
    const byReceiver = new Actor('by receiver', { setup: (self) => self.subscribe({ receiver: id }) });
    const byAll = new Actor('by all', {
      setup: (self) => self.subscribe({ sender: id, receiver: id, topic: '' }),
    });
    const named = new Actor(id, { setup: (self) => self.send(id, '', 'to itself') });
    runWith(bySender, byReceiver, byAll, named);
    expect([bySender.bodies, byReceiver.bodies, byAll.bodies, named.bodies]).toEqual(
      Array(4).fill(['to itself']),
    );
  });

  it('works with the empty text as topic', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: '' }) });
    runWith(spy, new Actor('anna', { setup: (self) => self.broadcast('', 1) }));
    expect(spy.bodies).toEqual([1]);
  });

  it('may have the id of an agent as topic', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: 'anna' }) });
    runWith(spy, new Actor('anna', { setup: (self) => self.broadcast('anna', 1) }));
    expect(spy.bodies).toEqual([1]);
  });

  it('tells the integer 1 from the text "1"', () => {
    const spies = ([1, '1'] as const).flatMap((id) => [
      new Actor(`sender ${typeof id}`, { setup: (self) => self.subscribe({ sender: id }) }),
      new Actor(`both ${typeof id}`, { setup: (self) => self.subscribe({ sender: id, topic: 'x' }) }),
    ]);
    const say = (id: AgentId): Actor => new Actor(id, { setup: (self) => self.broadcast('x', typeof id) });
    runWith(...spies, say(1), say('1'));
    expect(spies.map(({ bodies }) => bodies)).toEqual([['number'], ['number'], ['string'], ['string']]);
  });

  it.each([
    {},
    { sender: undefined },
    null,
    undefined,
    'topic',
    { topic: 5 },
    { sender: 1.5 },
    { receiver: {} },
    { from: 'ben', topic: 'x' },
  ])('is refused when it names nothing, or what cannot be named: %j', (subscription) => {
    const anna = new Actor('anna', { setup: (self) => self.subscribe(subscription as Subscription) });
    const code = expect.stringMatching(/^ERR_TROUPE_(SUBSCRIPTION|AGENT_ID)$/);
    expect(() => runWith(anna)).toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_AGENT_FAILED', cause: expect.objectContaining({ code }) }),
    );
  });
});

describe('copies', () => {
  it('are own copies: no subscriber sees what another does to its', () => {
    const body = { list: [1], map: new Map([['k', [1]]]), bytes: new Uint8Array([1]), set: new Set([1]) };
    const spoil = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => self.subscribe({ topic: 'news' }),
        receive: (_, message) => {
          expect(message.body).toEqual({
            list: [1],
            map: new Map([['k', [1]]]),
            bytes: new Uint8Array([1]),
            set: new Set([1]),
          });
          message.body.list.push(2);
          message.body.map.get('k').push(2);
          message.body.bytes[0] = 2;
          message.body.set.add(2);
        },
      });
    const spies = [spoil('a'), spoil('b'), spoil('c')];
    const carl = spoil('carl');
    runWith(
      ...spies,
      carl,
      new Actor('anna', {
        setup: (self) => {
          self.send('carl', 'news', body);
          self.broadcast('news', { ...structuredClone(body) });
        },
      }),
    );
    expect([...spies, carl].map(({ heard }) => heard.length)).toEqual([2, 2, 2, 2]);
    expect(body.list).toEqual([1, 2]);
    expect(new Set(spies.map(({ heard }) => heard[0]?.body)).size).toBe(3);
  });

  it('are made when a message is sent: what its receiver does to it later is not seen', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ receiver: 'carl' }) });
    const carl = new Actor('carl', { receive: (_, { body }) => body.push('spoilt') });
    const anna = acting('anna', { 1: (self) => self.send('carl', 'list', ['fresh'], 1) });
    runWith(spy, carl, anna);
    expect(carl.bodies).toEqual([['fresh', 'spoilt']]);
    expect(spy.bodies).toEqual([['fresh']]);
  });

  it('are due when the original is', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ receiver: 'carl' }) });
    const carl = new Actor('carl');
    runWith(spy, carl, acting('anna', { 1: (self) => self.send('carl', 'letter', 1, 2.5) }));
    expect(carl.at).toEqual([3.5]);
    expect(spy.at).toEqual([3.5]);
    expect(spy.heard[0]).toMatchObject({ from: 'anna', to: 'carl', sentAt: 1 });
  });
});

describe('subscribing', () => {
  it('twice is subscribing once: one copy, and one unsubscribe leaves nothing', () => {
    const spy = acting('spy', {
      1: (self) => {
        self.subscribe({ topic: 'news' });
        self.subscribe({ topic: 'news' });
      },
      3: (self) => self.unsubscribe({ topic: 'news' }),
    });
    const anna = acting('anna', {
      2: (self) => self.broadcast('news', 'once'),
      4: (self) => self.broadcast('news', 'never'),
    });
    const scheduler = runWith(spy, anna);
    expect(news(spy)).toEqual(['once']);
    expect(scheduler.subscribers({ topic: 'news' })).toEqual([]);
  });

  it('in setup hears all that others say in setup, whoever was added first', () => {
    const make = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => {
          self.broadcast('news', `${id} broadcasts`);
          self.send('nobody', 'news', `${id} sends`);
          self.send('nobody', 'news', `${id} sends later`, 5);
          self.subscribe({ topic: 'news' });
        },
      });
    const first = make('first');
    const second = make('second');
    runWith(first, second);
    const expected = ['first', 'second'].flatMap((id) => [`${id} broadcasts`, `${id} sends`]);
    const later = ['first sends later', 'second sends later'];
    expect(first.bodies).toEqual([...expected, ...later]);
    expect(second.bodies).toEqual([...expected, ...later]);
  });

  it('and unsubscribing in setup is not subscribing', () => {
    const spy = new Actor('spy', {
      setup: (self) => {
        self.subscribe({ topic: 'news' });
        self.unsubscribe({ topic: 'news' });
      },
    });
    runWith(new Actor('anna', { setup: (self) => self.broadcast('news', 1) }), spy);
    expect(spy.heard).toEqual([]);
  });

  it('takes hold in the next round: what is sent in this one is not copied, a broadcast due in the next is', () => {
    const spy = acting('spy', { 1: (self) => self.subscribe({ topic: 'news' }) });
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'go', 1),
      receive: (self, { body }) => {
        self.send('nobody', 'news', `sent in round ${body}`);
        self.broadcast('news', `broadcast in round ${body}`);
        if (body < 2) self.send('anna', 'go', body + 1);
      },
    });
    runWith(spy, anna);
    expect(news(spy)).toEqual(['broadcast in round 1', 'sent in round 2', 'broadcast in round 2']);
  });

  it('is seen in the lists from the next round on', () => {
    const seen: unknown[] = [];
    const spy = new Actor('spy', {
      setup: (self) => self.setAlarm(1, 'go', 1),
      receive: (self, { body }) => {
        seen.push(self.subscriptions());
        if (body === 1) self.subscribe({ topic: 'news' });
        if (body === 2) self.unsubscribe({ topic: 'news' });
        if (body < 3) self.send('spy', 'go', body + 1);
      },
    });
    runWith(spy);
    expect(seen).toEqual([[], [{ topic: 'news' }], []]);
  });

  it.each([0, 1, 2.5])('takes hold one lookahead later, at a lookahead of %s', (lookahead) => {
    const spy = acting('spy', {
      1: (self) => self.subscribe({ topic: 'news' }),
      5.75: (self) => self.unsubscribe({ topic: 'news' }),
    });
    const anna = new Actor('anna', {
      setup: (self) => {
        for (let due = 1.5; due <= 10; due += 0.5) self.broadcast('news', due, due);
      },
    });
    const scheduler = new Scheduler({ lookahead });
    scheduler.add(spy);
    scheduler.add(anna);
    scheduler.run();
    const heard: number[] = [];
    for (let due = 1.5; due <= 10; due += 0.5) {
      if (due >= 1 + lookahead && due < 5.75 + lookahead) heard.push(due);
    }
    expect(news(spy)).toEqual(heard);
  });

  it('takes hold for what is sent one lookahead later, not for what is on its way', () => {
    const spy = acting('spy', { 1: (self) => self.subscribe({ receiver: 'carl' }) });
    const anna = acting(
      'anna',
      Object.fromEntries(
        [1.5, 2.5, 3, 3.5].map((at) => [at, (self: Actor) => self.send('carl', 'letter', at, 10)]),
      ),
    );
    const scheduler = new Scheduler({ lookahead: 2 });
    for (const agent of [spy, anna, new Actor('carl')]) scheduler.add(agent);
    scheduler.run();
    expect(spy.heard.filter(({ topic }) => topic === 'letter').map(({ body }) => body)).toEqual([3, 3.5]);
  });

  it('lasts from run to run', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: 'news' }) });
    const scheduler = runWith(spy);
    for (const run of [1, 2, 3]) {
      scheduler.broadcast('news', run);
      scheduler.run();
    }
    expect(news(spy)).toEqual([1, 2, 3]);
  });
});

describe('unsubscribing', () => {
  const many: Subscription[] = [
    { topic: 'x' },
    { topic: 'y' },
    { sender: 1 },
    { sender: '1' },
    { receiver: 1 },
    { receiver: '1' },
    { sender: 1, topic: 'x' },
    { sender: '1', topic: 'x' },
    { sender: 'a', receiver: 'b', topic: 'c' },
  ];

  it('without saying from what ends all', () => {
    const seen: Subscription[][] = [];
    const spy = acting('spy', {
      1: (self) => {
        for (const subscription of many) self.subscribe(subscription);
      },
      2: (self) => {
        seen.push(self.subscriptions());
        self.unsubscribe();
      },
      3: (self) => seen.push(self.subscriptions()),
    });
    const scheduler = runWith(spy);
    expect(seen[0]).toHaveLength(many.length);
    expect(seen[0]).toEqual(expect.arrayContaining(many));
    expect(seen[1]).toEqual([]);
    for (const subscription of many) expect(scheduler.subscribers(subscription)).toEqual([]);
    scheduler.add(new Actor(1, { setup: (self) => self.broadcast('x', 'number') }));
    scheduler.add(new Actor('1', { setup: (self) => self.broadcast('x', 'text') }));
    scheduler.run();
    expect(spy.bodies.filter((body) => body !== undefined)).toEqual([]);
  });

  it('ends exactly one of several, and of one agent only', () => {
    const make = (id: AgentId): Actor =>
      acting(id, {
        0: (self) => {
          self.subscribe({ topic: 'news' });
          self.subscribe({ sender: 'anna', topic: 'news' });
          self.subscribe({ sender: 'anna' });
        },
        1: (self) => {
          if (id === 'one') self.unsubscribe({ topic: 'news' });
        },
      });
    const scheduler = runWith(make('one'), make('two'));
    expect(scheduler.subscribers({ topic: 'news' })).toEqual(['two']);
    expect(scheduler.subscribers({ sender: 'anna', topic: 'news' })).toEqual(['one', 'two']);
    expect(scheduler.subscribers({ sender: 'anna' })).toEqual(['one', 'two']);
  });

  it('from what one is not subscribed to does nothing', () => {
    const spy = new Actor('spy', {
      setup: (self) => {
        self.subscribe({ topic: 'news' });
        self.unsubscribe({ topic: 'other' });
        self.unsubscribe({ sender: 'anna', topic: 'news' });
      },
    });
    runWith(spy, new Actor('anna', { setup: (self) => self.broadcast('news', 1) }));
    expect(news(spy)).toEqual([1]);
  });

  it('happens by itself when an agent is removed, by itself or by its owner', () => {
    const subscribe = (self: Actor): void => {
      for (const subscription of many) self.subscribe(subscription);
    };
    const leaver = new Actor('leaver', { setup: subscribe, receive: (self) => self.remove() });
    const evicted = new Actor('evicted', { setup: subscribe });
    const stays = new Actor('stays', { setup: (self) => self.subscribe({ topic: 'x' }) });
    const scheduler = runWith(leaver, evicted, stays);
    scheduler.send('leaver', 'leave');
    scheduler.run();
    scheduler.remove('evicted');
    expect(many.map((subscription) => scheduler.subscribers(subscription))).toEqual([
      ['stays'],
      ...Array(many.length - 1).fill([]),
    ]);
    scheduler.broadcast('x', 1);
    expect(scheduler.run()).toMatchObject({ events: 1, deadLetters: 0 });
  });

  it('by removal lasts: the same agent added again hears only what it subscribes to again', () => {
    let first = true;
    const spy = new Actor('spy', {
      setup: (self) => {
        if (first) self.subscribe({ topic: 'x' });
        else self.subscribe({ topic: 'y' });
        first = false;
      },
    });
    const scheduler = runWith(spy);
    scheduler.remove(spy);
    scheduler.add(spy);
    scheduler.run();
    scheduler.broadcast('x', 'x');
    scheduler.broadcast('y', 'y');
    scheduler.run();
    expect(spy.bodies).toEqual(['y']);
  });
});

describe('the lists', () => {
  it('name subscribers in order of id, subscriptions of an agent, and topics in order', () => {
    const lists: unknown[] = [];
    const make = (id: AgentId, ...subscriptions: Subscription[]): Actor =>
      new Actor(id, {
        setup: (self) => {
          for (const subscription of subscriptions) self.subscribe(subscription);
        },
      });
    const reader = acting('reader', {
      1: (self) => {
        lists.push(self.subscribers({ topic: 'news' }));
        lists.push(self.subscribers({ sender: 'anna', topic: 'news' }));
        lists.push(self.subscriptions());
        lists.push(self.subscribedTopics());
      },
    });
    const scheduler = runWith(
      make('b', { topic: 'news' }, { topic: 'weather' }),
      make(10, { topic: 'news' }),
      make('a', { topic: 'news' }, { sender: 'anna', topic: 'news' }, { sender: 'anna' }),
      make(9, { topic: 'news' }, { receiver: 'a', topic: 'alerts' }),
      reader,
    );
    expect(lists).toEqual([[9, 10, 'a', 'b'], ['a'], [], ['alerts', 'news', 'weather']]);
    expect(scheduler.subscribers({ topic: 'news' })).toEqual([9, 10, 'a', 'b']);
    expect(scheduler.subscribers({ receiver: 'a', topic: 'alerts' })).toEqual([9]);
    expect(scheduler.subscribers({ topic: 'unknown' })).toEqual([]);
  });

  it('no longer name a topic when the last who listened to it has gone', () => {
    const topics: string[][] = [];
    const spy = acting('spy', {
      0: (self) => {
        self.subscribe({ topic: 'x' });
        self.subscribe({ topic: 'y', sender: 'anna' });
      },
      1: (self) => self.unsubscribe({ topic: 'y', sender: 'anna' }),
      2: (self) => {
        topics.push(self.subscribedTopics());
        self.unsubscribe();
      },
      3: (self) => topics.push(self.subscribedTopics()),
    });
    runWith(spy);
    expect(topics).toEqual([['x'], []]);
  });

  it('are copies: who changes one changes nothing', () => {
    const spy = acting('spy', {
      0: (self) => self.subscribe({ topic: 'news' }),
      1: (self) => {
        const [subscription] = self.subscriptions();
        (subscription as { topic: string }).topic = 'other';
        self.subscriptions().length = 0;
      },
    });
    const given = { topic: 'x' };
    const other = new Actor('other', {
      setup: (self) => {
        self.subscribe(given);
        given.topic = 'changed';
      },
    });
    const scheduler = runWith(spy, other);
    expect(scheduler.subscribers({ topic: 'news' })).toEqual(['spy']);
    expect(scheduler.subscribers({ topic: 'x' })).toEqual(['other']);
  });

  it('are refused for what names nothing', () => {
    expect(() => new Scheduler().subscribers({})).toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_SUBSCRIPTION' }),
    );
  });
});
