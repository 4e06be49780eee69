import type { AgentId, AlarmId, DeadLetter, Message, SimulationError } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Actor, errorOf, runWith, schedulerOf } from './fixtures/actor.ts';

describe('an alarm', () => {
  it('is a message to oneself, due so many seconds from now', () => {
    const messages: Message[] = [];
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(2, 'first', { n: 1 }),
      receive: (self, message) => {
        messages.push(message);
        if (message.topic === 'first') self.setAlarm(1.5, 'second');
      },
    });
    runWith(anna);
    expect(anna.timed).toEqual([
      [2, 'first'],
      [3.5, 'second'],
    ]);
    expect(messages[0]).toMatchObject({ from: 'anna', to: 'anna', body: { n: 1 }, sentAt: 0 });
    expect(messages[1]).toMatchObject({ body: undefined, sentAt: 2 });
  });

  it('can be set for a certain time', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarmAt(2, 'first'),
      receive: (self, { topic }) => {
        if (topic === 'first') self.setAlarmAt(10, 'second');
      },
    });
    runWith(anna);
    expect(anna.timed).toEqual([
      [2, 'first'],
      [10, 'second'],
    ]);
  });

  it('can be set for now: it comes in the next round', () => {
    const order: string[] = [];
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(5, 'go'),
      receive: (self, { topic }) => {
        order.push(`${topic} at ${self.time}`);
        if (topic !== 'go') return;
        self.setAlarm(0, 'relative');
        self.setAlarmAt(5, 'absolute');
        order.push('go ends');
      },
    });
    runWith(anna);
    expect(order).toEqual(['go at 5', 'go ends', 'relative at 5', 'absolute at 5']);
  });

  it('can be set for another', () => {
    const ben = new Actor('ben');
    const froms: AgentId[] = [];
    const carl = new Actor('carl', { receive: (_, { from }) => froms.push(from) });
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(2, 'relative', 1, { to: 'ben' });
        self.setAlarmAt(3, 'absolute', 1, { to: 'ben' });
        self.setAlarm(4, 'zero', 1, { to: 0 });
        self.setAlarm(4, 'ring', 1, { to: 'carl' });
      },
    });
    const zero = new Actor(0);
    runWith(anna, ben, carl, zero);
    expect(ben.timed).toEqual([
      [2, 'relative'],
      [3, 'absolute'],
    ]);
    expect(zero.topics).toEqual(['zero']);
    expect(froms).toEqual(['anna']);
    expect(anna.timed).toEqual([]);
  });

  it("can be set for all who are subscribed when it is due, with '*'", () => {
    const listener = (id: AgentId): Actor =>
      new Actor(id, { setup: (self) => self.subscribe({ topic: 'ring' }) });
    const [ben, carl] = [listener('ben'), listener('carl')];
    const late = new Actor('late', {
      setup: (self) => self.setAlarm(1, 'begin'),
      receive: (self, { topic }) => {
        if (topic === 'begin') self.subscribe({ topic: 'ring' });
      },
    });
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(2, 'ring', 1, { to: '*' }) });
    runWith(anna, ben, carl, late);
    expect([anna, ben, carl, late].map(({ topics }) => topics)).toEqual([
      [],
      ['ring'],
      ['ring'],
      ['begin', 'ring'],
    ]);
  });

  it('for nobody known is a dead letter when it is due', () => {
    const letters: DeadLetter[] = [];
    const scheduler = schedulerOf(
      { onDeadLetter: (letter) => letters.push(letter) },
      new Actor('anna', { setup: (self) => self.setAlarm(3, 'ring', 1, { to: 'nobody' }) }),
    );
    expect(scheduler.run()).toMatchObject({ simTime: 3, deadLetters: 1 });
    expect(letters).toMatchObject([{ time: 3, to: 'nobody', from: 'anna', topic: 'ring' }]);
  });

  it('of the same instant comes with all others of it, in the order in which its sender set them', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        for (const topic of ['b1', 'a2', 'b3', 'a4']) self.setAlarmAt(7, topic);
      },
    });
    runWith(anna);
    expect(anna.timed).toEqual([
      [7, 'b1'],
      [7, 'a2'],
      [7, 'b3'],
      [7, 'a4'],
    ]);
  });

  it('may be one of 20,000 for distinct times: each comes at its own, in order', () => {
    const times = Array.from({ length: 20_000 }, (_, index) => ((index * 7919) % 20_000) + 0.25);
    let pending = 0;
    const anna = new Actor('anna', {
      setup: (self) => {
        for (const time of times) self.setAlarmAt(time, String(time));
        pending = self.alarms().length;
      },
    });
    runWith(anna);
    const sorted = [...times].sort((a, b) => a - b);
    expect(pending).toBe(20_000);
    expect(anna.timed).toEqual(sorted.map((time) => [time, String(time)]));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -1e-9])(
    '%s seconds from now is refused, naming agent, topic and value',
    (delay) => {
      const anna = new Actor('anna', { setup: (self) => self.setAlarm(delay, 'ring') });
      const error = errorOf(() => runWith(anna));
      expect(error.cause).toMatchObject({
        code: 'ERR_TROUPE_TIME',
        agent: 'anna',
        topic: 'ring',
        value: delay,
      });
      expect(error.message).toContain(String(delay));
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 4.999])(
    'at the time %s is refused when it is 5 already, naming both',
    (time) => {
      const anna = new Actor('anna', {
        setup: (self) => self.setAlarm(5, 'go'),
        receive: (self) => self.setAlarmAt(time, 'ring'),
      });
      const error = errorOf(() => runWith(anna));
      expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_TIME', agent: 'anna', topic: 'ring', time: 5 });
      expect((error.cause as SimulationError).value).toBe(time);
      expect(error.message).toContain(String(time));
    },
  );

  it('beyond the time up to which floats tell seconds apart is refused', () => {
    const beyond = (self: Actor): AlarmId => self.setAlarmAt(2 ** 53 + 2, 'ring');
    const error = errorOf(() => runWith(new Actor('anna', { setup: beyond })));
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_PRECISION', agent: 'anna', topic: 'ring' });
  });

  it('at time -0 is one at 0, in every list', () => {
    let listed: number | undefined;
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarmAt(-0, 'ring');
        listed = self.alarms()[0]?.due;
      },
    });
    runWith(anna);
    expect(anna.timed).toEqual([[0, 'ring']]);
    expect(Object.is(listed, 0)).toBe(true);
  });

  it('never takes time back, whatever is set when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ delay: fc.nat(100_000), more: fc.nat(3) }), {
          minLength: 1,
          maxLength: 60,
        }),
        (plans) => {
          const times: number[] = [];
          let next = 0;
          const plan = (self: Actor): void => {
            const { delay, more } = plans[next % plans.length] as (typeof plans)[number];
            next += 1;
            if (next > 300) return;
            for (let index = 0; index <= more; index += 1) self.setAlarm(delay / 1024 / (index + 1), 'ring');
          };
          const anna = new Actor('anna', {
            setup: plan,
            receive: (self, { sentAt }) => {
              expect(sentAt).toBeLessThanOrEqual(self.time);
              times.push(self.time);
              plan(self);
            },
          });
          const scheduler = schedulerOf({}, anna);
          scheduler.run({ maxEvents: 500 });
          expect(times.length).toBeGreaterThan(100);
          expect(times).toEqual([...times].sort((a, b) => a - b));
        },
      ),
      { seed: 2, numRuns: 50 },
    );
  });
});

describe('the list of alarms', () => {
  it('names those that an agent set and that are pending, earliest first, then by the order they were set', () => {
    const lists: unknown[] = [];
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(9, 'late');
        self.setAlarm(3, 'second of 3', 0, { to: 'ben' });
        self.setAlarm(3, 'third of 3', 0, { to: '*' });
        self.setAlarm(1, 'early');
        lists.push(self.alarms().map(({ due, topic, to }) => [due, topic, to]));
      },
      receive: (self) => lists.push(self.alarms().map(({ topic }) => topic)),
    });
    const ben = new Actor('ben', { setup: (self) => self.setAlarm(2, 'own') });
    runWith(anna, ben);
    expect(lists).toEqual([
      [
        [1, 'early', 'anna'],
        [3, 'second of 3', 'ben'],
        [3, 'third of 3', undefined],
        [9, 'late', 'anna'],
      ],
      ['second of 3', 'third of 3', 'late'],
      [],
    ]);
  });

  it('is filtered by receiver and topic', () => {
    const lists: string[][] = [];
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'x');
        self.setAlarm(2, 'x', 0, { to: 'ben' });
        self.setAlarm(3, 'y', 0, { to: 'ben' });
        self.setAlarm(4, 'y', 0, { to: '*' });
        const filters = [
          { to: 'ben' },
          { to: '*' },
          { topic: 'x' },
          { topic: 'y', to: 'ben' },
          { to: 'nobody' },
          {},
        ];
        for (const filter of filters) lists.push(self.alarms(filter).map(({ due }) => String(due)));
      },
    });
    runWith(anna);
    expect(lists).toEqual([['2', '3'], ['4'], ['1', '2'], ['3'], [], ['1', '2', '3', '4']]);
  });

  it('of what an agent will get, whoever set it, can be read from outside', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(9, 'own');
        self.setAlarm(5, 'from anna', 0, { to: 'ben' });
      },
    });
    const ben = new Actor('ben', { setup: (self) => self.setAlarm(7, 'own') });
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run({ until: 1 });
    expect(scheduler.alarms('ben').map(({ due, topic, to }) => [due, topic, to])).toEqual([
      [5, 'from anna', 'ben'],
      [7, 'own', 'ben'],
    ]);
    expect(scheduler.alarms('anna').map(({ topic }) => topic)).toEqual(['own']);
    expect(errorOf(() => scheduler.alarms('nobody')).code).toBe('ERR_TROUPE_AGENT_UNKNOWN');
  });

  it('of an agent that never had one is empty', () => {
    const anna = new Actor('anna');
    const scheduler = runWith(anna);
    expect(anna.alarms()).toEqual([]);
    expect(anna.cancelAlarms()).toBe(0);
    expect(scheduler.alarms('anna')).toEqual([]);
  });

  it('holds one that was set for this very instant until it is delivered', () => {
    const ben = new Actor('ben');
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self) => self.setAlarm(0, 'ring', 0, { to: 'ben' }),
    });
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run({ maxEvents: 1 });
    expect(ben.timed).toEqual([]);
    expect(anna.alarms().map(({ topic }) => topic)).toEqual(['ring']);
    expect(scheduler.alarms('ben').map(({ topic }) => topic)).toEqual(['ring']);
    scheduler.run();
    expect(ben.topics).toEqual(['ring']);
    expect(scheduler.alarms('ben')).toEqual([]);
  });

  it('no longer holds one that was cancelled, wherever a run was interrupted', () => {
    const ben = new Actor('ben');
    let alarm: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        alarm = self.setAlarm(5, 'ring', 0, { to: 'ben' });
        self.setAlarm(1, 'go');
      },
      receive: (self) => expect(self.cancelAlarm(alarm)).toBe(true),
    });
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run({ maxEvents: 1 });
    expect(anna.timed).toHaveLength(1);
    expect(anna.alarms()).toEqual([]);
    expect(scheduler.alarms('ben')).toEqual([]);
  });
});

describe('cancelling an alarm', () => {
  it('by its id: it is not delivered, and cannot be cancelled twice', () => {
    const answers: boolean[] = [];
    const anna = new Actor('anna', {
      setup: (self) => {
        const ids = [1, 2, 3].map((delay) => self.setAlarm(delay, `at ${delay}`));
        expect(new Set(ids).size).toBe(3);
        answers.push(self.cancelAlarm(ids[1] as AlarmId), self.cancelAlarm(ids[1] as AlarmId));
      },
    });
    runWith(anna);
    expect(answers).toEqual([true, false]);
    expect(anna.topics).toEqual(['at 1', 'at 3']);
  });

  it('by an id that was kept as a number or as text works the same', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        const id = JSON.parse(JSON.stringify({ id: self.setAlarm(2, 'ring') })).id;
        self.setAlarm(1, 'go', id);
      },
      receive: (self, { body }) => expect(self.cancelAlarm(body)).toBe(true),
    });
    runWith(anna);
    expect(anna.topics).toEqual(['go']);
  });

  it('that is over does nothing, though its place has been taken by others', () => {
    let first: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        first = self.setAlarm(1, 'first');
      },
      receive: (self, { topic }) => {
        if (topic !== 'first') return;
        for (let index = 0; index < 100; index += 1) self.setAlarm(1 + index, 'later');
        expect(self.cancelAlarm(first)).toBe(false);
      },
    });
    runWith(anna);
    expect(anna.timed).toHaveLength(101);
  });

  it('by receiver, by topic, by both, or all', () => {
    const setAll = (self: Actor): void => {
      self.setAlarm(1, 'x');
      self.setAlarm(1, 'y');
      self.setAlarm(1, 'x', 0, { to: 'ben' });
      self.setAlarm(1, 'y', 0, { to: 'ben' });
      self.setAlarm(1, 'x', 0, { to: '*' });
    };
    const left = (filter?: { to?: AgentId; topic?: string }): unknown[] => {
      let cancelled = 0;
      const anna = new Actor('anna', {
        setup: (self) => {
          setAll(self);
          cancelled = self.cancelAlarms(filter);
        },
      });
      const ben = new Actor('ben');
      const carl = new Actor('carl', { setup: (self) => self.subscribe({ topic: 'x', sender: 'anna' }) });
      runWith(anna, ben, carl);
      return [cancelled, anna.topics.join(''), ben.topics.join(''), carl.timed.length > 0];
    };
    expect(left({ topic: 'x' })).toEqual([3, 'y', 'y', false]);
    expect(left({ to: 'ben' })).toEqual([2, 'xy', '', true]);
    expect(left({ to: 'anna', topic: 'y' })).toEqual([1, 'x', 'xy', true]);
    expect(left({ topic: 'unknown' })).toEqual([0, 'xy', 'xy', true]);
    expect(left()).toEqual([5, '', '', false]);
  });

  it('set for all with the filter "*"', () => {
    const carl = new Actor('carl', { setup: (self) => self.subscribe({ topic: 'x' }) });
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'x', 0, { to: '*' });
        self.setAlarm(1, 'own');
        expect(self.cancelAlarms({ to: '*' })).toBe(1);
      },
    });
    runWith(anna, carl);
    expect(carl.timed).toEqual([]);
    expect(anna.topics).toEqual(['own']);
  });

  it('that another agent set is not possible', () => {
    let alarm: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        alarm = self.setAlarm(5, 'ring');
      },
    });
    const ben = new Actor('ben', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self) => {
        expect(self.cancelAlarm(alarm)).toBe(false);
        expect(self.cancelAlarms()).toBe(0);
      },
    });
    runWith(anna, ben);
    expect(anna.topics).toEqual(['ring']);
  });

  it.each([
    ['oneself', 'anna'],
    ['another', 'ben'],
  ])('to %s at the instant it is due is too late: it is delivered', (_, to) => {
    const answers: boolean[] = [];
    let alarm: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(5, 'go');
        alarm = self.setAlarm(5, 'ring', 0, { to });
      },
      receive: (self, { topic }) => {
        if (topic === 'go') answers.push(self.cancelAlarm(alarm));
      },
    });
    const ben = new Actor('ben');
    runWith(anna, ben);
    expect(answers).toEqual([false]);
    expect([...anna.topics, ...ben.topics].filter((topic) => topic === 'ring')).toEqual(['ring']);
  });

  it('to oneself is possible up to that instant at any lookahead; to another up to one lookahead before', () => {
    const tryAt = (time: number, to: AgentId): [boolean | undefined, boolean] => {
      let answer: boolean | undefined;
      let alarm: AlarmId;
      const anna = new Actor('anna', {
        setup: (self) => {
          alarm = self.setAlarmAt(10, 'ring', 0, { to });
          self.setAlarmAt(time, 'go');
        },
        receive: (self, { topic }) => {
          if (topic === 'go') answer = self.cancelAlarm(alarm);
        },
      });
      const ben = new Actor('ben');
      schedulerOf({ lookahead: 2 }, anna, ben).run();
      return [answer, [...anna.topics, ...ben.topics].includes('ring')];
    };
    expect(tryAt(9.5, 'anna')).toEqual([true, false]);
    expect(tryAt(7.5, 'ben')).toEqual([true, false]);
    expect(tryAt(8.5, 'ben')).toEqual([false, true]);
    expect(tryAt(9.5, 'ben')).toEqual([false, true]);
  });

  it('to another holds for single steps as well', () => {
    let alarm: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        alarm = self.setAlarmAt(10, 'ring', 0, { to: 'ben' });
        self.setAlarmAt(1, 'go');
      },
      receive: (self) => expect(self.cancelAlarm(alarm)).toBe(true),
    });
    const ben = new Actor('ben');
    const scheduler = schedulerOf({ lookahead: 2 }, anna, ben);
    while (scheduler.step());
    expect(anna.topics).toEqual(['go']);
    expect(ben.topics).toEqual([]);
  });

  it('lets the run end: neither time nor events are spent on what was cancelled', () => {
    for (const to of ['anna', 'ben', '*']) {
      let alarm: AlarmId;
      const anna = new Actor('anna', {
        setup: (self) => {
          alarm = self.setAlarm(1000, 'ring', 0, { to });
          self.setAlarm(1, 'go');
        },
        receive: (self) => self.cancelAlarm(alarm),
      });
      const report = schedulerOf({}, anna, new Actor('ben')).run();
      expect(report).toMatchObject({ reason: 'idle', simTime: 1, events: 1, deadLetters: 0 });
    }
  });

  it('counts once, though all alarms are discarded before the next run', () => {
    let alarm: AlarmId;
    const anna = new Actor('anna', {
      setup: (self) => {
        alarm = self.setAlarm(5, 'ring', 0, { to: 'ben' });
        self.setAlarm(1, 'go');
      },
      receive: (self) => expect(self.cancelAlarm(alarm)).toBe(true),
    });
    const ben = new Actor('ben');
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run({ maxEvents: 1, clearAlarmsAtEnd: true });
    scheduler.send('ben', 'one', 0, 1);
    scheduler.send('ben', 'two', 0, 2);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 2 });
    expect(ben.topics).toEqual(['one', 'two']);
  });

  it('and setting it again, 100,000 times, leaves one and no more', () => {
    let timeout: AlarmId;
    let listed = 0;
    const ids = new Set<AlarmId>();
    const anna = new Actor('anna', {
      setup: (self) => {
        timeout = self.setAlarm(1000, 'timeout');
        self.setAlarm(1, 'beat', 1);
      },
      receive: (self, { topic, body }) => {
        if (topic !== 'beat') return;
        for (let index = 0; index < 1000; index += 1) {
          expect(self.cancelAlarm(timeout)).toBe(true);
          timeout = self.setAlarm(1000, 'timeout');
          ids.add(timeout);
        }
        listed = Math.max(listed, self.alarms().length);
        if (body < 100) self.setAlarm(1, 'beat', body + 1);
      },
    });
    runWith(anna);
    expect(ids.size).toBe(100_000);
    expect(listed).toBe(1);
    expect(anna.timed).toHaveLength(101);
    expect(anna.timed.at(-1)).toEqual([1100, 'timeout']);
  });

  it('agrees with a list that is kept beside it, whatever is set and cancelled', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), delay: fc.integer({ min: 1, max: 30 }), to: fc.nat(2) }),
      fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('topic' as const), which: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(act, { maxLength: 12 }), { minLength: 1, maxLength: 20 }), (days) => {
        interface Entry {
          id: AlarmId;
          due: number;
          topic: string;
          to: string;
          count: number;
        }
        let model: Entry[] = [];
        const expected: string[] = [];
        const got: string[] = [];
        let count = 0;
        const log = (self: Actor, { topic, body, to }: Message): void => {
          if (topic !== 'day') got.push(`${self.time} ${to} ${topic} ${body}`);
        };
        const receivers = ['anna', 'ben', 'carl'];
        const anna = new Actor('anna', {
          setup: (self) => {
            days.forEach((_, day) => {
              self.setAlarmAt(day * 2 + 0.5, 'day', day);
            });
          },
          receive: (self, message) => {
            log(self, message);
            if (message.topic !== 'day') return;
            for (const act of days[message.body] ?? []) {
              if (act.kind === 'set') {
                count += 1;
                const topic = `t${count % 5}`;
                const to = receivers[act.to] as string;
                const id = self.setAlarm(act.delay, topic, count, { to });
                model.push({ id, due: self.time + act.delay, topic, to, count });
              } else if (act.kind === 'topic') {
                const topic = `t${act.which}`;
                const gone = model.filter((entry) => entry.topic === topic && entry.due > self.time);
                expect(self.cancelAlarms({ topic })).toBe(gone.length);
                model = model.filter((entry) => !gone.includes(entry));
              } else if (model.length > 0) {
                const entry = model[act.which % model.length] as Entry;
                expect(self.cancelAlarm(entry.id)).toBe(entry.due > self.time);
                if (entry.due > self.time) model = model.filter((other) => other !== entry);
              }
            }
            const pending = self.alarms().filter(({ due, topic }) => topic !== 'day' && due > self.time);
            const due = model.filter((entry) => entry.due > self.time);
            expect(pending.map(({ id }) => id).sort()).toEqual(due.map(({ id }) => id).sort());
          },
        });
        runWith(anna, new Actor('ben', { receive: log }), new Actor('carl', { receive: log }));
        for (const { due, to, topic, count: body } of model) expected.push(`${due} ${to} ${topic} ${body}`);
        expect(got.sort()).toEqual(expected.sort());
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

describe('an unref alarm', () => {
  it('does not keep the run alive', () => {
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(5, 'ring', 0, { unref: true }) });
    expect(schedulerOf({}, anna).run()).toMatchObject({ reason: 'idle', simTime: 0, events: 0 });
    expect(anna.timed).toEqual([]);
  });

  it('is delivered as long as something else does', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'tick', 0, { unref: true });
        self.setAlarm(3.5, 'work');
      },
      receive: (self, { topic }) => {
        if (topic === 'tick') self.setAlarm(1, 'tick', 0, { unref: true });
      },
    });
    expect(schedulerOf({}, anna).run()).toMatchObject({ reason: 'idle', simTime: 3.5 });
    expect(anna.topics).toEqual(['tick', 'tick', 'tick', 'work']);
  });

  it('is delivered up to the end of a run that does not stop when idle', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'tick', 0, { unref: true }),
      receive: (self) => self.setAlarm(1, 'tick', 0, { unref: true }),
    });
    const report = schedulerOf({}, anna).run({ until: 4, stopWhenIdle: false });
    expect(report).toMatchObject({ reason: 'until', simTime: 4, events: 3 });
  });

  it('for another or for all does not, either, and can be cancelled', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(5, 'ring', 0, { unref: true, to: 'ben' });
        self.setAlarm(5, 'ring', 0, { unref: true, to: '*' });
        const third = self.setAlarm(5, 'third', 0, { unref: true, to: 'ben' });
        self.setAlarm(1, 'go', third);
      },
      receive: (self, { body }) => {
        expect(self.cancelAlarm(body)).toBe(true);
        expect(self.alarms()).toHaveLength(2);
      },
    });
    const ben = new Actor('ben', { setup: (self) => self.subscribe({ topic: 'ring', sender: 'anna' }) });
    const scheduler = schedulerOf({}, anna, ben);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 1, events: 1 });
    expect(scheduler.run({ until: 9, stopWhenIdle: false })).toMatchObject({ events: 2 });
    expect(ben.topics).toEqual(['ring', 'ring']);
  });

  it('does not end a run that others keep alive', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        for (let index = 0; index < 10; index += 1) {
          const id = self.setAlarm(2, 'unref', 0, { unref: true });
          if (index % 2 === 0) self.cancelAlarm(id);
        }
        self.setAlarm(1, 'count', 5);
      },
      receive: (self, { topic, body }) => {
        if (topic === 'count' && body > 0) self.setAlarm(1, 'count', body - 1);
      },
    });
    expect(schedulerOf({}, anna).run()).toMatchObject({ reason: 'idle', simTime: 6, events: 11 });
  });
});

describe('at the end of a run', () => {
  it('alarms that are pending stay, and the next run delivers them', () => {
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(10, 'ring') });
    const scheduler = schedulerOf({}, anna);
    expect(scheduler.run({ until: 2 })).toMatchObject({ reason: 'until', simTime: 2 });
    expect(anna.alarms()).toMatchObject([{ due: 10, topic: 'ring' }]);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 10 });
    expect(anna.timed).toEqual([[10, 'ring']]);
  });

  it('they are discarded for good where that was asked for', () => {
    const ben = new Actor('ben', { setup: (self) => self.subscribe({ topic: 'ring' }) });
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(10, 'ring');
        self.setAlarm(11, 'ring', 0, { to: 'ben' });
        self.setAlarm(12, 'ring', 0, { to: '*' });
        self.setAlarm(13, 'ring', 0, { unref: true });
        self.send('ben', 'message', 0, 20);
      },
      receive: () => {},
    });
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run({ until: 2, clearAlarmsAtEnd: true });
    expect(anna.alarms()).toEqual([]);
    expect(scheduler.alarms('anna')).toEqual([]);
    expect(anna.cancelAlarms()).toBe(0);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 20, events: 1 });
    expect(anna.timed).toEqual([]);
    expect(ben.timed).toEqual([[20, 'message']]);
  });

  it('those of this very instant are discarded as well', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self) => self.setAlarm(0, 'again'),
    });
    const scheduler = schedulerOf({}, anna);
    scheduler.run({ maxEvents: 1, clearAlarmsAtEnd: true });
    expect(scheduler.run({ maxEvents: 5 })).toMatchObject({ reason: 'idle', events: 0 });
    expect(anna.topics).toEqual(['go']);
  });

  it('those that are due at the very time where a run before ended are discarded as well', () => {
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(2, 'ring') });
    const scheduler = schedulerOf({}, anna);
    scheduler.run({ until: 2 });
    scheduler.run({ until: 2, clearAlarmsAtEnd: true });
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 0 });
    expect(anna.topics).toEqual([]);
  });

  it('discarded ones do not come back with the next alarm that is set', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(10, 'old'),
      receive: (self, { topic }) => {
        if (topic === 'hello') self.setAlarm(5, 'new');
      },
    });
    const scheduler = schedulerOf({}, anna);
    scheduler.run({ until: 2, clearAlarmsAtEnd: true });
    scheduler.send('anna', 'hello');
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 7 });
    expect(anna.topics).toEqual(['hello', 'new']);
  });
});

it('an alarm to another stays called back when the run ends with that round', () => {
  const ben = new Actor('ben');
  const anna = new Actor('anna', {
    setup: (self) => self.setAlarm(1, 'go'),
    receive: (self) => void self.cancelAlarm(self.setAlarm(1, 'ring', 0, { to: 'ben' })),
  });
  const scheduler = schedulerOf({}, anna, ben);
  expect(scheduler.run({ maxEvents: 1 }).reason).toBe('maxEvents');
  expect(scheduler.run({ until: 2 })).toMatchObject({ reason: 'idle', simTime: 1 });
  expect(scheduler.run().events).toBe(0);
  expect(ben.heard).toEqual([]);
});

describe('an agent that is removed', () => {
  it('takes its alarms to itself along: they keep neither run nor clock going', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'leave');
        self.setAlarm(1000, 'ring');
        self.setAlarm(2000, 'ring', 0, { unref: true });
      },
      receive: (self) => self.remove(),
    });
    expect(schedulerOf({}, anna).run()).toMatchObject({
      reason: 'idle',
      simTime: 1,
      events: 1,
      deadLetters: 0,
    });
  });

  it('takes them along when its owner removes it, too', () => {
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(1000, 'ring') });
    const scheduler = schedulerOf({}, anna);
    scheduler.run({ until: 1 });
    scheduler.remove('anna');
    expect(scheduler.nextTime).toBe(Number.POSITIVE_INFINITY);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', simTime: 1 });
  });

  it('leaves those that it set for others', () => {
    const ben = new Actor('ben');
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(5, 'ring', 0, { to: 'ben' });
        self.setAlarm(1, 'leave');
      },
      receive: (self) => self.remove(),
    });
    runWith(anna, ben);
    expect(ben.timed).toEqual([[5, 'ring']]);
  });

  it('finds none of its former alarms to itself when it is added again', () => {
    let lives = 0;
    const anna = new Actor('anna', {
      setup: (self) => {
        lives += 1;
        if (lives === 1) self.setAlarm(10, 'former');
        else self.setAlarm(20, 'present');
      },
    });
    const scheduler = schedulerOf({}, anna);
    scheduler.run({ until: 1 });
    scheduler.remove(anna);
    scheduler.add(anna);
    scheduler.run();
    expect(anna.timed).toEqual([[21, 'present']]);
  });
});
