import {
  Agent,
  type AgentId,
  type DeadLetter,
  type Handlers,
  layout,
  type Message,
  OUTSIDE,
  Scheduler,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Actor, errorOf, runWith } from './fixtures/actor.ts';

/** Gets its inbox as a whole. */
class Batch extends Agent {
  readonly inboxes: string[][] = [];

  override update(inbox: Message[]): void {
    this.inboxes.push(inbox.map(({ from, topic }) => `${from}:${topic}`));
  }
}

describe('a message', () => {
  it('names sender, receiver, topic, body and the time it was sent', () => {
    const anna = new Actor('anna', { setup: (self) => self.send('ben', 'greeting', 'hello', 2) });
    const ben = new Actor('ben');
    runWith(anna, ben);
    expect(ben.heard).toHaveLength(1);
    expect(ben.heard[0]).toMatchObject({
      from: 'anna',
      to: 'ben',
      topic: 'greeting',
      body: 'hello',
      sentAt: 0,
    });
    expect(ben.at).toEqual([2]);
  });

  it('hands its body over as it is, by reference', () => {
    const body = { list: [1, 2, 3] };
    const ben = new Actor('ben');
    runWith(new Actor('anna', { setup: (self) => self.send('ben', 'list', body) }), ben);
    expect(ben.heard[0]?.body).toBe(body);
  });

  it('needs no body', () => {
    const ben = new Actor('ben');
    runWith(new Actor('anna', { setup: (self) => self.send('ben', 'wake') }), ben);
    expect(ben.heard[0]).toMatchObject({ topic: 'wake', body: undefined });
  });

  it('may be sent to oneself', () => {
    const anna = new Actor('anna', { setup: (self) => self.send('anna', 'note', 1, 3) });
    runWith(anna);
    expect(anna.heard[0]).toMatchObject({ from: 'anna', to: 'anna' });
    expect(anna.at).toEqual([3]);
  });

  it('without delay comes in the next round of the same instant, never in the round it was sent in', () => {
    const order: string[] = [];
    const anna = new Actor('anna', {
      receive: (self, { topic }) => {
        order.push(`anna ${topic} begins`);
        if (topic === 'start') self.send('ben', 'ball');
        order.push(`anna ${topic} ends`);
      },
    });
    const ben = new Actor('ben', { receive: (_, { topic }) => order.push(`ben ${topic}`) });
    const scheduler = new Scheduler();
    scheduler.add(anna);
    scheduler.add(ben);
    scheduler.send('anna', 'start');
    scheduler.send('ben', 'start');
    scheduler.run();
    expect(order.indexOf('ben ball')).toBe(order.length - 1);
    expect(order.indexOf('ben start')).toBeLessThan(order.indexOf('ben ball'));
    expect(scheduler.time).toBe(0);
  });

  it('keeps the clock where it is until the messages of the instant are exhausted', () => {
    const times: number[] = [];
    const countdown = new Actor('countdown', {
      setup: (self) => {
        self.setAlarm(1, 'count', 50);
        self.setAlarm(1.5, 'later');
      },
      receive: (self, { topic, body }) => {
        times.push(self.time);
        if (topic === 'count' && body > 0) self.send(self.id, 'count', body - 1);
      },
    });
    runWith(countdown);
    expect(times).toEqual([...Array<number>(51).fill(1), 1.5]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -Number.MIN_VALUE])(
    'with a delay of %s is refused, naming agent, topic and value',
    (delay) => {
      const anna = new Actor('anna', { setup: (self) => self.send('ben', 'ball', 1, delay) });
      const error = errorOf(() => runWith(anna, new Actor('ben')));
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'anna' });
      expect(error.cause).toMatchObject({
        code: 'ERR_TROUPE_TIME',
        agent: 'anna',
        topic: 'ball',
        value: delay,
      });
      expect((error.cause as Error).message).toContain(String(delay));
      const scheduler = new Scheduler();
      scheduler.add(new Actor('ben'));
      expect(errorOf(() => scheduler.send('ben', 'ball', 1, delay)).code).toBe('ERR_TROUPE_TIME');
      expect(errorOf(() => scheduler.broadcast('ball', 1, delay)).code).toBe('ERR_TROUPE_TIME');
    },
  );

  it('with a delay of -0 is one without delay', () => {
    const ben = new Actor('ben');
    runWith(new Actor('anna', { setup: (self) => self.send('ben', 'ball', 1, -0) }), ben);
    expect(ben.at).toEqual([0]);
    expect(Object.is(ben.at[0], 0)).toBe(true);
  });

  it.each([undefined, null, 7, {}])('with %s as its topic is refused', (topic) => {
    const anna = new Actor('anna', { setup: (self) => self.send('ben', topic as never, 1) });
    expect(errorOf(() => runWith(anna, new Actor('ben'))).cause).toMatchObject({ code: 'ERR_TROUPE_TOPIC' });
  });

  it.each([undefined, null, 1.5, '@system', { id: 1 }])('to %s is refused', (to) => {
    const anna = new Actor('anna', { setup: (self) => self.send(to as AgentId, 'ball', 1) });
    expect(errorOf(() => runWith(anna)).cause).toMatchObject({ code: 'ERR_TROUPE_AGENT_ID' });
  });

  it('may have the empty text as topic, and names of methods of objects', () => {
    const ben = new Actor('ben');
    const topics = ['', 'toString', '__proto__', 'constructor', 'a b', '\n'];
    const anna = new Actor('anna', {
      setup: (self) => {
        for (const topic of topics) self.send('ben', topic);
      },
    });
    runWith(anna, ben);
    expect(ben.topics).toEqual(topics);
  });

  it('reaches agents named 0 and by the empty text', () => {
    const zero = new Actor(0);
    const empty = new Actor('');
    const anna = new Actor('anna', {
      setup: (self) => {
        self.send(0, 'to zero');
        self.send('', 'to empty');
      },
    });
    runWith(zero, empty, anna);
    expect(zero.topics).toEqual(['to zero']);
    expect(empty.topics).toEqual(['to empty']);
  });

  it('tells the agent 1 from the agent "1"', () => {
    const number = new Actor(1);
    const text = new Actor('1');
    const scheduler = new Scheduler();
    scheduler.add(number);
    scheduler.add(text);
    scheduler.send(1, 'number');
    scheduler.send('1', 'text');
    scheduler.run();
    expect([number.topics, text.topics]).toEqual([['number'], ['text']]);
  });

  it('finds its agent whatever integers name them, in whatever order they came', () => {
    const ids = [5_000_000, 3, -7, 4000, 0, 2 ** 53 - 1, 1 - 2 ** 53, 900, 70_000, 4_194_303, 1020, 1500];
    const actors = ids.map((id) => new Actor(id));
    const scheduler = new Scheduler();
    for (const id of [...ids].reverse()) scheduler.send(id, 'number', id);
    for (const actor of actors) scheduler.add(actor);
    scheduler.run();
    expect(actors.map(({ heard }) => heard.map(({ body }) => body))).toEqual(ids.map((id) => [id]));
  });

  it('of a topic with a layout arrives equal, but not the same object', () => {
    const body = { x: 1.5, name: 'é', at: new Float64Array([1, 2]) };
    const ben = new Actor('ben');
    const scheduler = new Scheduler({
      layouts: { point: layout({ x: 'f64', name: 'string(8)', at: 'f64[4]' }) },
    });
    scheduler.add(ben);
    scheduler.send('ben', 'point', body);
    body.x = 99;
    scheduler.run();
    expect(ben.heard[0]?.body).toEqual({ x: 1.5, name: 'é', at: new Float64Array([1, 2]) });
  });

  it('of a topic with a layout too long for the queue arrives whole', () => {
    const body = { cells: Float64Array.from({ length: 500 }, (_, index) => index / 7) };
    const ben = new Actor('ben');
    const scheduler = new Scheduler({ layouts: { field: layout({ cells: 'f64[512]' }) } });
    scheduler.add(ben);
    scheduler.send('ben', 'field', body, 3);
    scheduler.run();
    expect(ben.heard[0]?.body).toEqual(body);
  });
});

describe('a broadcast', () => {
  it('reaches those who are subscribed and nobody else, and is addressed to no one', () => {
    const ben = new Actor('ben', { setup: (self) => self.subscribe({ topic: 'news' }) });
    const carl = new Actor('carl');
    runWith(new Actor('anna', { setup: (self) => self.broadcast('news', 1) }), ben, carl);
    expect(ben.heard).toHaveLength(1);
    expect(ben.heard[0]).toMatchObject({ from: 'anna', to: undefined, topic: 'news', body: 1 });
    expect(carl.heard).toEqual([]);
  });

  it('is due after its delay', () => {
    const ben = new Actor('ben', { setup: (self) => self.subscribe({ topic: 'news' }) });
    runWith(new Actor('anna', { setup: (self) => self.broadcast('news', 1, 4) }), ben);
    expect(ben.at).toEqual([4]);
  });

  it('reaches those who are subscribed when it is due, not when it was sent', () => {
    const early = new Actor('early', {
      setup: (self) => {
        self.subscribe({ topic: 'news' });
        self.setAlarm(1, 'enough');
      },
      receive: (self, { topic }) => {
        if (topic === 'enough') self.unsubscribe({ topic: 'news' });
      },
    });
    const late = new Actor('late', {
      setup: (self) => self.setAlarm(1, 'begin'),
      receive: (self, { topic }) => {
        if (topic === 'begin') self.subscribe({ topic: 'news' });
      },
    });
    runWith(new Actor('anna', { setup: (self) => self.broadcast('news', 1, 2) }), early, late);
    expect(early.topics).toEqual(['enough']);
    expect(late.topics).toEqual(['begin', 'news']);
  });

  it('that nobody listens to ends quietly', () => {
    const scheduler = new Scheduler();
    scheduler.add(new Actor('anna', { setup: (self) => self.broadcast('news', 1) }));
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 0 });
  });
});

describe('a direct message', () => {
  it('passes over those who listen', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ receiver: 'ben' }) });
    const ben = new Actor('ben');
    const anna = new Actor('anna', {
      setup: (self) => {
        self.sendDirect('ben', 'secret', 1);
        self.send('ben', 'open', 2);
      },
    });
    runWith(spy, ben, anna);
    expect(ben.topics).toEqual(['secret', 'open']);
    expect(spy.topics).toEqual(['open']);
  });

  it('passes over them while the run goes on as well, and comes after its delay', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: 'secret' }) });
    const ben = new Actor('ben');
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self) => self.sendDirect('ben', 'secret', 1, 2),
    });
    runWith(spy, ben, anna);
    expect(ben.at).toEqual([3]);
    expect(spy.heard).toEqual([]);
  });
});

describe('the world outside', () => {
  it('sends as OUTSIDE, before, between and after runs', () => {
    const ben = new Actor('ben', { setup: (self) => self.subscribe({ topic: 'news' }) });
    const scheduler = new Scheduler();
    scheduler.add(ben);
    scheduler.send('ben', 'one', 1);
    scheduler.run();
    scheduler.send('ben', 'two', 2, 5);
    scheduler.run();
    scheduler.broadcast('news', 3);
    scheduler.run();
    expect(ben.heard.map(({ from, topic, sentAt }) => [from, topic, sentAt])).toEqual([
      [OUTSIDE, 'one', 0],
      [OUTSIDE, 'two', 0],
      [OUTSIDE, 'news', 5],
    ]);
    expect(ben.at).toEqual([0, 5, 5]);
  });

  it('cannot be answered: the answer is a dead letter', () => {
    const letters: DeadLetter[] = [];
    const scheduler = new Scheduler({ onDeadLetter: (letter) => letters.push(letter) });
    scheduler.add(new Actor('ben', { receive: (self, { from }) => self.send(from, 'answer') }));
    scheduler.send('ben', 'question');
    scheduler.run();
    expect(letters).toMatchObject([{ time: 0, to: OUTSIDE, from: 'ben', topic: 'answer' }]);
  });

  it('is still OUTSIDE after thousands of agents have come and gone', () => {
    class Mayfly extends Agent {
      override setup(): void {
        this.remove();
      }
    }
    class Settler extends Agent {}
    const spawner = new Actor('spawner', {
      setup: (self) => {
        for (let day = 1; day <= 10; day += 1) self.setAlarm(day, 'hatch');
        for (let day = 11; day <= 20; day += 1) self.setAlarm(day, 'settle');
      },
      receive: (self, { topic }) => {
        if (topic === 'hello') return;
        for (let index = 0; index < 500; index += 1) self.add(topic === 'hatch' ? Mayfly : Settler);
      },
    });
    const scheduler = new Scheduler({ agents: [Mayfly, Settler] });
    scheduler.add(spawner);
    scheduler.run();
    expect(scheduler.agents).toHaveLength(5001);
    scheduler.send('spawner', 'hello');
    scheduler.run();
    expect(spawner.heard.at(-1)).toMatchObject({ from: OUTSIDE, topic: 'hello' });
  });
});

describe('an inbox', () => {
  it('is in canonical order: time sent, round sent, sender, and its own count', () => {
    const hub = new Batch('hub');
    const early = new Actor('z-early', { setup: (self) => self.send('hub', 'sent at 0', 0, 10) });
    const instant = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => self.setAlarm(4, 'go', 0),
        receive: (self, { body }) => {
          self.send('hub', `round ${body} first`, 0, 6);
          self.send('hub', `round ${body} second`, 0, 6);
          if (body === 0) self.send(self.id, 'go', 1);
        },
      });
    runWith(instant('b'), instant(10), instant('a'), instant(9), early, hub);
    const fromAll = (topic: string): string[] =>
      [9, 10, 'a', 'b'].flatMap((id) => [`${id}:${topic} first`, `${id}:${topic} second`]);
    expect(hub.inboxes).toEqual([['z-early:sent at 0', ...fromAll('round 0'), ...fromAll('round 1')]]);
  });

  it('puts what was sent earlier first, though in a later round of its instant and by a later id', () => {
    const hub = new Batch('hub');
    const late = new Actor('a', {
      setup: (self) => self.setAlarm(4, 'go'),
      receive: (self) => self.send('hub', 'sent at 4', 0, 6),
    });
    const early = new Actor('z', {
      setup: (self) => self.setAlarm(1, 'go', 3),
      receive: (self, { body }) => {
        if (body > 0) self.send('z', 'go', body - 1);
        else self.send('hub', 'sent at 1', 0, 9);
      },
    });
    runWith(hub, late, early);
    expect(hub.inboxes).toEqual([['z:sent at 1', 'a:sent at 4']]);
  });

  it('orders ids as integers by value, then texts by code unit', () => {
    const hub = new Batch('hub');
    const ids: AgentId[] = ['é', 'z', 'Z', '10', '9', 10, 9, -1, 2 ** 40, ''];
    runWith(hub, ...ids.map((id) => new Actor(id, { setup: (self) => self.send('hub', 't') })));
    expect(hub.inboxes).toEqual([[-1, 9, 10, 2 ** 40, '', '10', '9', 'Z', 'z', 'é'].map((id) => `${id}:t`)]);
  });

  it('holds broadcasts and alarms in the same order as messages', () => {
    const hub = new (class extends Batch {
      override setup(): void {
        this.subscribe({ topic: 'all' });
      }
    })('hub');
    const talk = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => {
          self.broadcast('all', 0, 3);
          self.send('hub', 'one', 0, 3);
          self.setAlarm(3, 'alarm', 0, { to: 'hub' });
          self.broadcast('all', 0, 3);
        },
      });
    runWith(talk('b'), talk('a'), hub);
    expect(hub.inboxes).toEqual([
      ['a:all', 'a:one', 'a:alarm', 'a:all', 'b:all', 'b:one', 'b:alarm', 'b:all'],
    ]);
  });

  it('does not depend on the order in which agents were added', () => {
    const inboxes = (ids: readonly number[]): string[][] => {
      const hub = new Batch('hub');
      const chatty = ids.map(
        (id) =>
          new Actor(id, {
            setup: (self) => {
              for (let index = 0; index < 3; index += 1)
                self.send('hub', String(index), 0, self.random.integer(3));
              self.setAlarm(1, 'again');
            },
            receive: (self) => self.send('hub', 'again', 0, self.random.integer(3)),
          }),
      );
      runWith(...chatty.slice(0, 5), hub, ...chatty.slice(5));
      return hub.inboxes;
    };
    const ids = Array.from({ length: 40 }, (_, index) => index);
    const expected = inboxes(ids);
    expect(expected.flat()).toHaveLength(160);
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 40 }), (shuffled) => {
        expect(inboxes(shuffled)).toEqual(expected);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('holds what comes from outside together with what is due at that instant anyway', () => {
    const hub = new Batch('hub');
    const scheduler = new Scheduler();
    scheduler.add(hub);
    scheduler.send('hub', 'first', 0, 5);
    scheduler.run({ until: 5 });
    scheduler.send('hub', 'second');
    scheduler.run();
    expect(hub.inboxes).toEqual([[`${OUTSIDE}:first`, `${OUTSIDE}:second`]]);
    expect(scheduler.time).toBe(5);
  });

  it('of one round holds all of the round and nothing of the next', () => {
    const hub = new Batch('hub');
    const relay = new Actor('relay', { receive: (self) => self.send('hub', 'relayed') });
    const scheduler = new Scheduler();
    for (const agent of [hub, relay]) scheduler.add(agent);
    scheduler.send('hub', 'first');
    scheduler.send('relay', 'go');
    scheduler.send('hub', 'second');
    scheduler.run();
    expect(hub.inboxes).toEqual([[`${OUTSIDE}:first`, `${OUTSIDE}:second`], ['relay:relayed']]);
  });
});

describe('an agent reacts', () => {
  type Rally = { ball: { hits: number }; pause: undefined };

  class Tabled extends Agent<Rally> {
    readonly lines: string[] = [];
    static override readonly handlers: Handlers<Rally, Tabled> = {
      ball(body, message) {
        this.lines.push(`ball ${body.hits} from ${message.from}`);
      },
      pause() {
        this.lines.push('pause');
      },
    };
  }

  it('by a table of handlers, one per topic', () => {
    const tabled = new Tabled('tabled');
    const scheduler = new Scheduler<Rally>();
    scheduler.add(tabled);
    scheduler.send('tabled', 'ball', { hits: 3 });
    scheduler.send('tabled', 'pause');
    scheduler.run();
    expect(tabled.lines).toEqual([`ball 3 from ${OUTSIDE}`, 'pause']);
  });

  it.each(['unheard', '', 'toString', 'constructor', 'hasOwnProperty', '__proto__'])(
    'with an error that names the topic, where its table has no handler for it: %j',
    (topic) => {
      const scheduler = new Scheduler();
      scheduler.add(new Tabled('tabled'));
      scheduler.send('tabled', topic, {});
      const error = errorOf(() => scheduler.run());
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'tabled', topic });
      expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_HANDLER_MISSING', agent: 'tabled', topic });
    },
  );

  it('with an error where it has neither table nor receive nor update', () => {
    class Mute extends Agent {}
    const scheduler = new Scheduler();
    scheduler.add(new Mute('mute'));
    scheduler.send('mute', 'hello');
    expect(errorOf(() => scheduler.run()).cause).toMatchObject({ code: 'ERR_TROUPE_HANDLER_MISSING' });
  });

  it('by receive, once per message', () => {
    const ben = new Actor('ben');
    const scheduler = new Scheduler();
    scheduler.add(ben);
    for (let index = 0; index < 100; index += 1) scheduler.send('ben', String(index));
    scheduler.run();
    expect(ben.topics).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  });

  it('by update, once per round', () => {
    const hub = new Batch('hub');
    const scheduler = new Scheduler();
    scheduler.add(hub);
    for (const delay of [0, 0, 1, 2, 2, 2]) scheduler.send('hub', `at ${delay}`, undefined, delay);
    scheduler.run();
    expect(hub.inboxes.map(({ length }) => length)).toEqual([2, 1, 3]);
  });

  it('by update that falls back on receive', () => {
    class Counting extends Actor {
      updates = 0;
      override update(inbox: Message[]): void {
        this.updates += 1;
        super.update(inbox);
      }
    }
    const counting = new Counting('counting');
    const scheduler = new Scheduler();
    scheduler.add(counting);
    for (const topic of ['a', 'b', 'c']) scheduler.send('counting', topic);
    scheduler.run();
    expect(counting.updates).toBe(1);
    expect(counting.topics).toEqual(['a', 'b', 'c']);
  });

  it('to nothing while nothing comes: neither update nor receive is called', () => {
    const hub = new Batch('hub');
    runWith(hub, new Actor('anna', { setup: (self) => self.send('anna', 'own') }));
    expect(hub.inboxes).toEqual([]);
  });
});

describe('an agent that is kept awake', () => {
  it('is updated in each round, with an empty inbox where nothing came', () => {
    const hub = new Batch('hub');
    hub.keepAwake = true;
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'count', 3),
      receive: (self, { body }) => {
        if (body > 0) self.send('anna', 'count', body - 1);
        if (body === 2) self.send('hub', 'two');
      },
    });
    runWith(hub, anna);
    expect(hub.inboxes).toEqual([[], [], ['anna:two'], []]);
  });

  it('keeps neither the run alive nor the clock from jumping', () => {
    const hub = new Batch('hub');
    hub.keepAwake = true;
    const scheduler = new Scheduler();
    scheduler.add(hub);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 0 });
    expect(hub.inboxes).toEqual([]);
    scheduler.send('hub', 'far', 0, 1000);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 1000 });
    expect(hub.inboxes).toHaveLength(1);
  });

  it('can go to sleep again', () => {
    const sleepy = new (class extends Batch {
      override update(inbox: Message[]): void {
        super.update(inbox);
        if (this.time >= 2) this.keepAwake = false;
      }
    })('sleepy');
    sleepy.keepAwake = true;
    const clock = new Actor('clock', {
      setup: (self) => {
        for (const delay of [1, 2, 3, 4]) self.setAlarm(delay, 'tick');
      },
    });
    runWith(sleepy, clock);
    expect(sleepy.inboxes).toHaveLength(2);
    expect(sleepy.keepAwake).toBe(false);
  });

  it('is refused where the model promises lookahead, and leaves nothing behind', () => {
    const hub = new Batch('hub');
    hub.keepAwake = true;
    const scheduler = new Scheduler({ lookahead: 1 });
    expect(errorOf(() => scheduler.add(hub)).code).toBe('ERR_TROUPE_KEEP_AWAKE_LOOKAHEAD');
    expect(scheduler.agents).toEqual([]);
  });
});

describe('a message to an agent that is not there', () => {
  it('is a dead letter: counted, and told to the hook', () => {
    const letters: DeadLetter[] = [];
    const scheduler = new Scheduler({ onDeadLetter: (letter) => letters.push(letter) });
    scheduler.add(new Actor('anna', { setup: (self) => self.send('nobody', 'hello', 1, 2) }));
    const report = scheduler.run();
    expect(report).toMatchObject({ reason: 'idle', deadLetters: 1, events: 0, simTime: 2 });
    expect(letters).toMatchObject([{ time: 2, to: 'nobody', from: 'anna', topic: 'hello' }]);
  });

  it('is counted in the run in which it died', () => {
    const scheduler = new Scheduler();
    scheduler.send('nobody', 'one');
    expect(scheduler.run().deadLetters).toBe(1);
    expect(scheduler.run().deadLetters).toBe(0);
  });

  it('is a dead letter when the agent left while it was on its way', () => {
    const letters: DeadLetter[] = [];
    const scheduler = new Scheduler({ onDeadLetter: (letter) => letters.push(letter) });
    scheduler.add(new Actor('ben', { receive: (self) => self.remove() }));
    scheduler.send('ben', 'leave', 0, 1);
    scheduler.send('ben', 'too late', 0, 2);
    scheduler.run();
    expect(letters.map(({ topic }) => topic)).toEqual(['too late']);
  });

  it('reaches one that came while it was on its way', () => {
    const scheduler = new Scheduler();
    scheduler.send('ben', 'hello', 0, 1);
    const ben = new Actor('ben');
    scheduler.add(ben);
    expect(scheduler.run().deadLetters).toBe(0);
    expect(ben.topics).toEqual(['hello']);
  });

  it('still reaches those who listen to its receiver', () => {
    const spy = new Actor('spy', { setup: (self) => self.subscribe({ receiver: 'nobody' }) });
    const scheduler = new Scheduler();
    scheduler.add(spy);
    scheduler.add(new Actor('anna', { setup: (self) => self.send('nobody', 'hello', 1) }));
    expect(scheduler.run().deadLetters).toBe(1);
    expect(spy.heard[0]).toMatchObject({ from: 'anna', to: 'nobody', topic: 'hello', body: 1 });
  });
});

describe('an agent that belongs to no run', () => {
  const attempts: [string, (agent: Actor) => unknown][] = [
    ['send', (agent) => agent.send('ben', 'ball')],
    ['sendDirect', (agent) => agent.sendDirect('ben', 'ball')],
    ['broadcast', (agent) => agent.broadcast('ball')],
    ['setAlarm', (agent) => agent.setAlarm(1, 'ball')],
    ['setAlarmAt', (agent) => agent.setAlarmAt(1, 'ball')],
    ['alarms', (agent) => agent.alarms()],
    ['cancelAlarms', (agent) => agent.cancelAlarms()],
    ['subscribe', (agent) => agent.subscribe({ topic: 'ball' })],
    ['unsubscribe', (agent) => agent.unsubscribe()],
    ['time', (agent) => agent.time],
    ['random', (agent) => agent.random],
    ['remove', (agent) => agent.remove()],
    ['stop', (agent) => agent.stop()],
    ['pause', (agent) => agent.pause()],
    ['report', (agent) => agent.report('x', 1)],
    ['log', (agent) => agent.log('info', 'x')],
  ];

  it.each(attempts)('cannot %s, and says so', (what, attempt) => {
    const agent = new Actor('anna');
    const error = errorOf(() => attempt(agent));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_NOT_RUNNING', agent: 'anna' });
    expect(error.message).toContain(`Actor.${what}`);
  });

  it.each(attempts)('cannot %s after it was removed', (_, attempt) => {
    const agent = new Actor('anna');
    const scheduler = runWith(agent);
    scheduler.remove(agent);
    expect(errorOf(() => attempt(agent)).code).toBe('ERR_TROUPE_AGENT_NOT_RUNNING');
  });
});

describe('a protocol', () => {
  type Rally = { ball: { hits: number }; pause: undefined; hint?: string };

  it('types what is sent: a wrong body or topic does not compile', () => {
    class Player extends Agent<Rally> {
      override receive(): void {}
      override setup(): void {
        this.send('ben', 'ball', { hits: 1 });
        this.send('ben', 'pause');
        this.send('ben', 'hint');
        this.send('ben', 'hint', 'left', 1);
        this.setAlarm(1, 'pause');
        // @ts-expect-error hits is a number
        this.send('ben', 'ball', { hits: 'one' });
        // @ts-expect-error the body is missing
        this.send('ben', 'ball');
        // @ts-expect-error there is no such topic
        this.send('ben', 'bal', { hits: 1 });
        // @ts-expect-error pause has no body
        this.send('ben', 'pause', 1);
        // @ts-expect-error hits is a number
        this.sendDirect('ben', 'ball', { hits: 'one' });
        // @ts-expect-error the body is missing
        this.broadcast('ball');
        // @ts-expect-error the body is missing
        this.setAlarm(1, 'ball');
        // @ts-expect-error there is no such topic
        this.setAlarmAt(1, 'bal', { hits: 1 });
        // @ts-expect-error there is no such topic
        this.subscribe({ topic: 'bal' });
      }
    }
    const scheduler = new Scheduler<Rally>();
    scheduler.add(new Player('anna'));
    // @ts-expect-error hits is a number
    scheduler.send('ben', 'ball', { hits: 'one' });
    // @ts-expect-error there is no such topic
    scheduler.broadcast('bal');
    // What does not compile is not looked at again while it runs: only the types stand between.
    expect(scheduler.run({ until: 1 }).deadLetters).toBe(9);
  });

  it('types what is received: the topic tells the type of the body', () => {
    class Player extends Agent<Rally> {
      hits = 0;
      override receive(message: Message<Rally>): void {
        if (message.topic === 'ball') {
          expectTypeOf(message.body).toEqualTypeOf<{ hits: number }>();
          this.hits += message.body.hits;
        } else {
          // @ts-expect-error neither pause nor hint has hits
          this.hits += message.body?.hits ?? 0;
        }
      }
    }
    const player = new Player('anna');
    const scheduler = new Scheduler<Rally>();
    scheduler.add(player);
    scheduler.send('anna', 'ball', { hits: 2 });
    scheduler.send('anna', 'pause');
    scheduler.run();
    expect(player.hits).toBe(2);
  });

  it('types its handlers', () => {
    class Player extends Agent<Rally> {
      hits = 0;
      static override readonly handlers: Handlers<Rally, Player> = {
        ball(body) {
          expectTypeOf(this).toEqualTypeOf<Player>();
          expectTypeOf(body).toEqualTypeOf<{ hits: number }>();
          this.hits += body.hits;
        },
        // @ts-expect-error there is no such topic
        bal() {},
      };
    }
    const player = new Player('anna');
    const scheduler = new Scheduler<Rally>();
    scheduler.add(player);
    scheduler.send('anna', 'ball', { hits: 5 });
    scheduler.run();
    expect(player.hits).toBe(5);
  });
});
