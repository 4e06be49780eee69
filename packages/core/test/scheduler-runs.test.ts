import { channel } from 'node:diagnostics_channel';
import {
  Agent,
  type AgentClass,
  type AgentId,
  compareIds,
  type EventRecord,
  type LogEntry,
  type Message,
  OUTSIDE,
  type Report,
  type RunOptions,
  Scheduler,
  type SchedulerOptions,
  type SimulationError,
  type WallClock,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Actor, errorOf, type Script, schedulerOf } from './fixtures/actor.ts';

/** Ticks for ever, once a second. */
function ticking(id: AgentId, receive: Script['receive'] = () => {}): Actor {
  return new Actor(id, {
    setup: (self) => self.setAlarm(1, 'tick'),
    receive: (self, message) => {
      if (message.topic === 'tick') self.setAlarm(1, 'tick');
      receive(self, message);
    },
  });
}

/** A few agents that talk at random, at once and later, by message, broadcast and alarm. */
class Gossip extends Agent {
  readonly #crowd: number;

  constructor(crowd: number) {
    super();
    this.#crowd = crowd;
  }

  override setup(): void {
    if (this.random.chance(0.5)) this.subscribe({ topic: 'all' });
    this.setAlarm(this.random.integer(4), 'own', 0);
  }

  override receive({ topic, body }: Message): void {
    const { random } = this;
    this.report('last', this.time);
    if (topic === 'all') return;
    if (random.chance(0.3)) this.send(random.integer(this.#crowd), 'hop', body + 1, random.integer(3));
    if (random.chance(0.1)) this.broadcast('all', body, random.integer(2));
    if (random.chance(0.2)) this.subscribe({ sender: random.integer(this.#crowd) });
    if (random.chance(0.2)) this.unsubscribe();
    if (topic === 'own') {
      const id = this.setAlarm(3, 'never');
      this.setAlarm(1 + random.integer(2), 'own', body + 1);
      this.cancelAlarm(id);
    }
  }
}

function gossip(options: SchedulerOptions = {}): Scheduler {
  const scheduler = new Scheduler({ seed: 11, digest: true, ...options });
  for (let id = 0; id < 12; id += 1) scheduler.add(new Gossip(12), id);
  return scheduler;
}

describe('a run with a limit in time', () => {
  it('ends exactly there: what is due then is left, and still listed', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        for (const time of [1, 4.999, 5, 6]) self.setAlarmAt(time, String(time));
      },
    });
    const scheduler = schedulerOf({}, anna);
    expect(scheduler.run({ until: 5 })).toMatchObject({ reason: 'until', simTime: 5, events: 2 });
    expect(scheduler.time).toBe(5);
    expect(scheduler.nextTime).toBe(5);
    expect(anna.alarms().map(({ due }) => due)).toEqual([5, 6]);
    expect(scheduler.run({ until: 5 })).toMatchObject({ reason: 'until', events: 0 });
    expect(scheduler.run({ until: 100 })).toMatchObject({ reason: 'idle', simTime: 6, events: 2 });
    expect(anna.at).toEqual([1, 4.999, 5, 6]);
  });

  it('ends where the last event was when nothing is left before the limit', () => {
    const scheduler = schedulerOf({}, new Actor('anna', { setup: (self) => self.setAlarm(3, 'last') }));
    expect(scheduler.run({ until: 100 })).toMatchObject({ reason: 'idle', simTime: 3 });
    expect(scheduler.nextTime).toBe(Number.POSITIVE_INFINITY);
  });

  it('goes on to the limit when it must not stop for being idle', () => {
    const scheduler = schedulerOf({}, new Actor('anna', { setup: (self) => self.setAlarm(3, 'last') }));
    expect(scheduler.run({ until: 100, stopWhenIdle: false })).toMatchObject({
      reason: 'until',
      simTime: 100,
      events: 1,
    });
    expect(scheduler.time).toBe(100);
  });

  it('begins at the start time that was given', () => {
    const anna = new Actor('anna', { setup: (self) => self.setAlarm(1, 'ring') });
    const scheduler = schedulerOf({ startTime: 100 }, anna);
    expect(scheduler.time).toBe(100);
    expect(scheduler.run()).toMatchObject({ simTime: 101 });
    expect(Object.is(new Scheduler({ startTime: -0 }).time, 0)).toBe(true);
  });
});

describe('several runs in a row', () => {
  const whole = gossip().run({ until: 60 });

  it('begin from a run that is worth comparing', () => {
    expect(whole.events).toBeGreaterThan(500);
    expect(whole.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(gossip().run({ until: 60 }).digest).toBe(whole.digest);
    expect(gossip({ seed: 12 }).run({ until: 60 }).digest).not.toBe(whole.digest);
  });

  it('give the same as one, wherever in time they were cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 119 }).map((half) => half / 2),
          { maxLength: 8 },
        ),
        (cuts) => {
          const scheduler = gossip();
          let events = 0;
          for (const until of [...cuts.sort((a, b) => a - b), 60]) {
            const report = scheduler.run({ until });
            events += report.events;
            if (until === 60) expect(report.digest).toBe(whole.digest);
          }
          expect(events).toBe(whole.events);
        },
      ),
      { seed: 4, numRuns: 30 },
    );
  });

  it('give the same as one, wherever in the events they were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (limits) => {
        const scheduler = gossip();
        let last: Report | undefined;
        for (let index = 0; last?.reason !== 'until' && index < 5000; index += 1) {
          last = scheduler.run({ until: 60, maxEvents: limits[index % limits.length] as number });
        }
        expect(last?.digest).toBe(whole.digest);
        expect(last?.results).toEqual(whole.results);
      }),
      { seed: 5, numRuns: 20 },
    );
  });

  it('give the same as single steps', () => {
    const scheduler = gossip();
    while (scheduler.nextTime < 60 || scheduler.time === 0) scheduler.step();
    expect(scheduler.run({ until: 60 })).toMatchObject({ digest: whole.digest, events: 0 });
  });

  it('count each for itself', () => {
    const scheduler = schedulerOf({}, ticking('anna'));
    expect(scheduler.run({ until: 3.5 }).events).toBe(3);
    expect(scheduler.run({ until: 5.5 })).toMatchObject({ events: 2, local: 2, simTime: 5.5 });
  });

  it('set up agents that were added in between, at the time that it is', () => {
    const times: number[] = [];
    const scheduler = schedulerOf({}, ticking('anna'));
    scheduler.run({ until: 7 });
    const late = new Actor('late', {
      setup: (self) => {
        times.push(self.time);
        self.setAlarm(1, 'ring');
      },
    });
    scheduler.add(late);
    scheduler.run({ until: 20 });
    expect(times).toEqual([7]);
    expect(late.at).toEqual([8]);
    expect(late.setups).toBe(1);
  });

  it('set up nobody twice, and tear nobody down', () => {
    const anna = ticking('anna');
    const scheduler = schedulerOf({}, anna);
    for (const until of [1, 2, 3]) scheduler.run({ until });
    expect([anna.setups, anna.teardowns]).toEqual([1, 0]);
  });
});

describe('a run with a limit on events', () => {
  it('ends after the round in which it was reached', () => {
    const scheduler = schedulerOf({}, ...['a', 'b', 'c', 'd'].map((id) => ticking(id)));
    expect(scheduler.run({ maxEvents: 6 })).toMatchObject({ reason: 'maxEvents', events: 8, simTime: 2 });
    expect(scheduler.run({ maxEvents: 1 })).toMatchObject({ reason: 'maxEvents', events: 4, simTime: 3 });
  });

  it('counts from where the run began', () => {
    const scheduler = schedulerOf({}, ticking('anna'));
    expect(scheduler.run({ maxEvents: 10 }).simTime).toBe(10);
    expect(scheduler.run({ maxEvents: 5 }).simTime).toBe(15);
  });
});

describe('a run that is idle', () => {
  it('ends at once where there are no agents, and where nobody does anything', () => {
    expect(new Scheduler().run()).toMatchObject({
      reason: 'idle',
      events: 0,
      simTime: 0,
      clusters: [{ agents: 0 }],
    });
    expect(schedulerOf({}, new Actor('anna')).run()).toMatchObject({
      reason: 'idle',
      clusters: [{ agents: 1 }],
    });
  });

  it('ends where only unref alarms are left, and goes on through them where it must', () => {
    const make = (): Scheduler =>
      schedulerOf(
        {},
        new Actor('anna', {
          setup: (self) => self.setAlarm(1, 'tick', 0, { unref: true }),
          receive: (self) => self.setAlarm(1, 'tick', 0, { unref: true }),
        }),
      );
    expect(make().run({ until: 10 })).toMatchObject({ reason: 'idle', events: 0, simTime: 0 });
    expect(make().run({ until: 10, stopWhenIdle: false })).toMatchObject({ reason: 'until', events: 9 });
  });
});

describe('an abort signal', () => {
  it('that is aborted already ends the run before its first event', () => {
    const anna = ticking('anna');
    const report = schedulerOf({}, anna).run({ signal: AbortSignal.abort() });
    expect(report).toMatchObject({ reason: 'aborted', events: 0 });
    expect(anna.heard).toEqual([]);
  });

  it('ends a run that would never end, and the next one goes on', () => {
    const controller = new AbortController();
    const anna = ticking('anna', (self) => {
      if (self.time === 10) controller.abort();
    });
    const scheduler = schedulerOf({}, anna);
    const report = scheduler.run({ signal: controller.signal });
    expect(report.reason).toBe('aborted');
    expect(report.simTime).toBeGreaterThanOrEqual(10);
    const next = scheduler.run({ until: report.simTime + 5.5 });
    expect(next).toMatchObject({ reason: 'until', events: 5 });
    expect(anna.at).toEqual(Array.from({ length: report.events + 5 }, (_, index) => index + 1));
  });
});

describe('an agent that pauses the run', () => {
  const conversation = (pauses: boolean): Scheduler =>
    schedulerOf(
      { digest: true },
      ticking('anna', (self, { topic, body }) => {
        if (topic === 'tick') self.send('ben', 'ball', 5);
        else if (body === 3 && pauses) self.pause();
      }),
      new Actor('ben', {
        receive: (self, { body }) => {
          if (body > 0) self.send('ben', 'ball', body - 1);
          self.send('anna', 'echo', body);
        },
      }),
    );

  it('interrupts it in the next round, and the report names the agent', () => {
    const report = conversation(true).run();
    expect(report).toMatchObject({ reason: 'paused', simTime: 1, by: { agent: 'anna', reason: 'paused' } });
  });

  it('changes nothing: the next runs go on, to the same end', () => {
    const whole = conversation(false).run({ until: 6 });
    const scheduler = conversation(true);
    const reasons: string[] = [];
    let report: Report;
    let events = 0;
    do {
      report = scheduler.run({ until: 6 });
      events += report.events;
      reasons.push(report.reason);
    } while (report.reason === 'paused');
    expect(reasons).toEqual(['paused', 'paused', 'paused', 'paused', 'paused', 'until']);
    expect(report.digest).toBe(whole.digest);
    expect(events).toBe(whole.events);
  });
});

describe('an agent that stops the run', () => {
  it('gives a reason and a value, and takes hold in the next round', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(2, 'go'),
      receive: (self) => {
        self.stop('found it', { answer: 42 });
        self.send('ben', 'same round');
      },
    });
    const ben = new Actor('ben', { setup: (self) => self.setAlarm(2, 'go') });
    const scheduler = schedulerOf({}, anna, ben);
    expect(scheduler.run()).toMatchObject({
      reason: 'stopped',
      by: { agent: 'anna', reason: 'found it' },
      value: { answer: 42 },
      simTime: 2,
    });
    expect(ben.topics).toEqual(['go']);
    // What was due when it stopped is still due: nothing sent is lost.
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 1 });
    expect(ben.topics).toEqual(['go', 'same round']);
  });

  it('needs no reason and no value', () => {
    const report = schedulerOf({}, new Actor('anna', { setup: (self) => self.stop() })).run();
    expect(report).toMatchObject({ reason: 'stopped', by: { agent: 'anna', reason: 'stopped' } });
    expect(report.value).toBeUndefined();
  });

  it('takes hold one lookahead later where there is one', () => {
    const ticks = ticking('clock');
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(2, 'go'),
      receive: (self) => self.stop(),
    });
    expect(schedulerOf({ lookahead: 2.5 }, ticks, anna).run()).toMatchObject({
      reason: 'stopped',
      simTime: 4.5,
    });
    expect(ticks.at).toEqual([1, 2, 3, 4]);
  });

  it.each([0, 1])('counts first by time, then by id, whatever order agents were added in (%i)', (turn) => {
    const make = (id: string): Actor =>
      new Actor(id, { setup: (self) => self.setAlarm(1, 'go'), receive: (self) => self.stop(id) });
    const agents = [make('a'), make('b')];
    const report = schedulerOf({}, ...(turn === 0 ? agents : agents.reverse())).run();
    expect(report.by).toEqual({ agent: 'a', reason: 'a' });
  });

  it('does not stop the next run', () => {
    const anna = ticking('anna', (self) => {
      if (self.time === 2) self.stop();
    });
    const scheduler = schedulerOf({}, anna);
    expect(scheduler.run().reason).toBe('stopped');
    const next = scheduler.run({ until: 5 });
    expect(next).toMatchObject({ reason: 'until', events: 2 });
    expect(next.by).toBeUndefined();
  });
});

describe('a step', () => {
  it('runs one round, and answers false when nothing is due', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'one');
        self.setAlarm(1, 'two');
        self.setAlarm(4, 'three');
      },
      receive: (self, { topic }) => {
        if (topic === 'one') self.send('anna', 'next round');
      },
    });
    const scheduler = schedulerOf({}, anna);
    const seen: unknown[] = [];
    for (let index = 0; index < 5; index += 1)
      seen.push([scheduler.step(), scheduler.time, anna.heard.length]);
    expect(seen).toEqual([
      [true, 1, 2],
      [true, 1, 3],
      [true, 4, 4],
      [false, 4, 4],
      [false, 4, 4],
    ]);
  });

  it('sets agents up first', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna);
    expect(scheduler.step()).toBe(false);
    expect(anna.setups).toBe(1);
  });
});

describe('pacing', () => {
  class FakeClock implements WallClock {
    time = 1_000_000;
    readonly sleeps: number[] = [];
    now(): number {
      return this.time;
    }
    sleep(milliseconds: number): void {
      this.sleeps.push(milliseconds);
      this.time += milliseconds;
    }
  }

  const at = (...times: number[]): Actor =>
    new Actor('anna', {
      setup: (self) => {
        for (const time of times) self.setAlarmAt(time, 'ring');
      },
    });

  it('waits until each event is due on the wall, at so many simulated seconds per second', () => {
    const wallClock = new FakeClock();
    const report = schedulerOf({ wallClock }, at(1, 3, 3.5)).run({ speed: 2 });
    expect(wallClock.sleeps).toEqual([500, 1000, 250]);
    expect(report).toMatchObject({ wallTime: 1.75, simTime: 3.5, ratio: 2 });
  });

  it('waits for the end of the run as well', () => {
    const wallClock = new FakeClock();
    const scheduler = schedulerOf({ wallClock }, at(1, 50));
    scheduler.run({ speed: 1, until: 4 });
    expect(wallClock.sleeps).toEqual([1000, 3000]);
    wallClock.sleeps.length = 0;
    scheduler.run({ speed: 10, until: 20 });
    expect(wallClock.sleeps).toEqual([1600]);
  });

  it('does not wait for what is late already, nor to make up for it', () => {
    const wallClock = new FakeClock();
    const slow = new Actor('anna', {
      setup: (self) => {
        for (const time of [1, 2, 3, 6]) self.setAlarmAt(time, 'ring');
      },
      receive: (self) => {
        if (self.time === 1) wallClock.time += 4000;
      },
    });
    schedulerOf({ wallClock }, slow).run({ speed: 1 });
    expect(wallClock.sleeps).toEqual([1000, 1000]);
  });

  it('is off unless asked for', () => {
    const wallClock = new FakeClock();
    schedulerOf({ wallClock }, at(1, 3)).run();
    schedulerOf({ wallClock }, at(1, 3)).run({ speed: Number.POSITIVE_INFINITY });
    expect(wallClock.sleeps).toEqual([]);
  });

  it('changes nothing of what happens', () => {
    const wallClock = new FakeClock();
    const paced = gossip({ wallClock }).run({ until: 30, speed: 3 });
    expect(paced.digest).toBe(gossip().run({ until: 30 }).digest);
    expect(paced.wallTime).toBe(10);
  });
});

describe('a report', () => {
  it('says why the run ended, how long it took, and what was sent and delivered', () => {
    let wall = 0;
    const wallClock: WallClock = { now: () => wall, sleep: () => {} };
    const anna = new Actor('anna', {
      setup: (self) => {
        self.setAlarm(1, 'tick');
        self.send('nobody', 'hello');
      },
      receive: (self) => {
        wall += 500;
        self.send('ben', 'ball', 1);
        self.send('ben', 'ball', 1, 3);
        self.report('hits', 2);
      },
    });
    const report = schedulerOf({ seed: 9, wallClock }, anna, new Actor('ben')).run();
    expect(report).toEqual({
      reason: 'idle',
      simTime: 4,
      wallTime: 0.5,
      ratio: 8,
      events: 3,
      local: 4,
      remote: 0,
      deadLetters: 1,
      failures: 0,
      barriers: 4,
      clusters: [{ cluster: 0, agents: 2, events: 3, local: 4, remote: 0, busy: 0.5 }],
      results: { hits: { anna: 2 } },
      digest: '',
      seed: 9,
    });
  });

  it('holds what agents reported: by name, then by agent in order of id; the last value counts', () => {
    const reporter = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => {
          self.report('size', 1);
          self.report('size', { list: [id] });
          self.report('count', id);
        },
      });
    const { results } = schedulerOf({}, reporter('b'), reporter(10), reporter('a'), reporter(9)).run();
    expect(Object.keys(results)).toEqual(['count', 'size']);
    expect(Object.entries(results['size'] ?? {})).toEqual([
      ['9', { list: [9] }],
      ['10', { list: [10] }],
      ['a', { list: ['a'] }],
      ['b', { list: ['b'] }],
    ]);
  });

  it('counts messages by topic and by agent where asked to', () => {
    const options = { counters: true };
    const report = schedulerOf(
      options,
      ticking('anna'),
      ticking('ben', (self) => {
        if (self.time === 2) self.send('anna', 'hello');
      }),
    ).run({ until: 3.5 });
    expect(report.counters).toEqual({ byTopic: { hello: 1, tick: 6 }, byAgent: { anna: 4, ben: 3 } });
    expect(schedulerOf({}, ticking('anna')).run({ until: 3 }).counters).toBeUndefined();
  });

  it('has a digest of what was received, in the order it was, or none', () => {
    const digestOf = (options: SchedulerOptions, bodies: readonly unknown[], to = 'anna'): string => {
      const scheduler = schedulerOf({ digest: true, ...options }, new Actor(to));
      for (const body of bodies) scheduler.send(to, 'x', body);
      return scheduler.run().digest;
    };
    const digest = digestOf({}, [1, 2]);
    expect(digestOf({}, [1, 2])).toBe(digest);
    expect(digestOf({ counters: true, onEvent: () => {} }, [1, 2])).toBe(digest);
    expect(digestOf({}, [2, 1])).not.toBe(digest);
    expect(digestOf({}, [1])).not.toBe(digest);
    expect(digestOf({}, [1, 2], 'ben')).not.toBe(digest);
    expect(digestOf({ startTime: 1 }, [1, 2])).not.toBe(digest);
    expect(digestOf({ digest: false }, [1, 2])).toBe('');
  });
});

describe('while a scheduler runs', () => {
  const attempts: [string, (scheduler: Scheduler) => unknown][] = [
    ['run', (scheduler) => scheduler.run()],
    ['step', (scheduler) => scheduler.step()],
    ['add', (scheduler) => scheduler.add(new Actor('new'))],
    ['remove', (scheduler) => scheduler.remove('anna')],
    ['send', (scheduler) => scheduler.send('anna', 'hello')],
    ['broadcast', (scheduler) => scheduler.broadcast('hello')],
  ];

  it.each(attempts)('%s() on it is refused, from handlers and from setup', (what, attempt) => {
    for (const script of ['setup', 'receive'] as const) {
      const scheduler = new Scheduler();
      scheduler.add(new Actor('anna', { [script]: () => attempt(scheduler) }));
      scheduler.send('anna', 'go');
      const error = errorOf(() => scheduler.run());
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'anna' });
      expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_RUN_STATE' });
      expect(error.message).toContain(`${what}()`);
      expect(scheduler.agents).toEqual(['anna']);
    }
  });

  it('its state can be read', () => {
    const seen: unknown[] = [];
    const scheduler = new Scheduler();
    const anna = ticking('anna', (self) =>
      seen.push(scheduler.time, scheduler.agents, scheduler.get('anna') === self, scheduler.nextTime),
    );
    scheduler.add(anna);
    scheduler.run({ maxEvents: 1 });
    expect(seen).toEqual([1, ['anna'], true, 2]);
  });

  it('another one may run', () => {
    const inner = schedulerOf({}, ticking('inner'));
    const outer = schedulerOf(
      {},
      ticking('outer', (self) => inner.run({ until: self.time * 10 })),
    );
    outer.run({ until: 4 });
    expect([outer.time, inner.time]).toEqual([4, 30]);
  });
});

describe('an agent that throws', () => {
  const boom = (what: unknown = new Error('boom')): never => {
    throw what;
  };
  const failing = (id: AgentId, when: number): Actor =>
    ticking(id, (self) => {
      if (self.time === when) boom();
    });

  it('stops the run: agent, topic, time, round and seed are named, and the cause is kept', () => {
    const cause = new RangeError('boom');
    const anna = ticking('anna', (self) => {
      if (self.time === 2) boom(cause);
    });
    const error = errorOf(() => schedulerOf({ seed: 5 }, anna).run());
    expect(error).toMatchObject({
      code: 'ERR_TROUPE_AGENT_FAILED',
      agent: 'anna',
      topic: 'tick',
      time: 2,
      round: 0,
      seed: 5,
    });
    expect(error.cause).toBe(cause);
    for (const part of ['"anna"', '"tick"', 'time 2', 'seed 5', 'boom'])
      expect(error.message).toContain(part);
  });

  it.each(['text', undefined, null, 42, { code: 'X' }])('may throw anything: %j', (thrown) => {
    const throwing = (): never => {
      throw thrown;
    };
    const error = errorOf(() => schedulerOf({}, new Actor('anna', { setup: throwing })).run());
    expect(error.code).toBe('ERR_TROUPE_AGENT_FAILED');
    expect(error.cause).toBe(thrown);
  });

  it('lets the next run go on', () => {
    const anna = failing('anna', 2);
    const ben = ticking('ben');
    const scheduler = schedulerOf({}, anna, ben);
    expect(errorOf(() => scheduler.run({ until: 5 })).agent).toBe('anna');
    expect(scheduler.time).toBe(2);
    expect(scheduler.run({ until: 5 })).toMatchObject({ reason: 'until', simTime: 5 });
    expect(ben.at).toEqual([1, 2, 3, 4]);
    expect(anna.at).toEqual([1, 2, 3, 4]);
  });

  it.each([0, 1])(
    'with others in one round is reported by the least id, whoever was added first (%i)',
    (turn) => {
      const agents = [failing('b', 1), failing('a', 1), failing('c', 1)];
      const error = errorOf(() => schedulerOf({}, ...(turn === 0 ? agents : agents.reverse())).run());
      expect(error.agent).toBe('a');
    },
  );

  it('in setup stops the run, whatever was asked for; it stays, and is not set up again', () => {
    for (const onError of ['stop', 'remove', 'restart', 'continue'] as const) {
      const anna = new Actor('anna', { setup: () => boom() });
      const scheduler = schedulerOf({ onError }, anna);
      expect(errorOf(() => scheduler.run())).toMatchObject({
        code: 'ERR_TROUPE_AGENT_FAILED',
        agent: 'anna',
      });
      scheduler.send('anna', 'hello');
      expect(scheduler.run().events).toBe(1);
      expect(anna.setups).toBe(1);
    }
  });

  it('in teardown is removed all the same, and its owner hears of it', () => {
    const scheduler = schedulerOf({}, new Actor('anna', { teardown: () => boom() }));
    scheduler.run();
    expect(errorOf(() => scheduler.remove('anna'))).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED' });
    expect(scheduler.agents).toEqual([]);
  });

  it('in update stops the run, too', () => {
    class Batch extends Agent {
      override update(): void {
        boom();
      }
    }
    const scheduler = schedulerOf({}, new Batch('batch'));
    scheduler.send('batch', 'hello');
    expect(errorOf(() => scheduler.run())).toMatchObject({ agent: 'batch', topic: 'hello' });
  });

  it('is removed where asked for: torn down, and its messages are dead letters', () => {
    const anna = failing('anna', 2);
    const ben = ticking('ben', (self) => self.send('anna', 'hello'));
    const scheduler = schedulerOf({ onError: 'remove' }, anna, ben);
    const report = scheduler.run({ until: 5.5 });
    expect(report).toMatchObject({ reason: 'until', failures: 1, deadLetters: 4 });
    expect(scheduler.agents).toEqual(['ben']);
    expect(anna.topics).toEqual(['tick', 'hello', 'tick']);
    expect(anna.teardowns).toBe(1);
  });

  it('that is to be removed hears nothing more of the same round', () => {
    const anna = new Actor('anna', { receive: () => boom() });
    const scheduler = schedulerOf({ onError: 'remove' }, anna);
    for (const topic of ['one', 'two', 'three']) scheduler.send('anna', topic);
    expect(scheduler.run()).toMatchObject({ failures: 1, deadLetters: 2, events: 1 });
    expect(anna.topics).toEqual(['one']);
  });

  it('is restarted where asked for: torn down, set up, and it hears what follows', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.subscribe({ topic: 'news' }),
      receive: (_, { body }) => {
        if (body === 2) boom();
      },
    });
    const scheduler = schedulerOf({ onError: 'restart' }, anna);
    for (const body of [1, 2, 3]) scheduler.broadcast('news', body, body);
    expect(scheduler.run()).toMatchObject({ failures: 1, events: 3 });
    expect([anna.setups, anna.teardowns]).toEqual([2, 1]);
  });

  it('while it is restarted stops the run', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        if (self.setups === 2) boom(new Error('cannot start'));
      },
      receive: () => boom(),
    });
    const scheduler = schedulerOf({ onError: 'restart' }, anna);
    scheduler.send('anna', 'go');
    expect(errorOf(() => scheduler.run()).message).toContain('cannot start');
  });

  it('in teardown is not started again', () => {
    const anna = new Actor('anna', { teardown: () => boom(), receive: (self) => self.remove() });
    const scheduler = schedulerOf({ onError: 'restart' }, anna);
    scheduler.send('anna', 'go');
    scheduler.run();
    expect(scheduler.agents).toEqual([]);
    expect([anna.setups, anna.teardowns]).toEqual([1, 1]);
  });

  it('is let go on where asked for', () => {
    const logs: LogEntry[] = [];
    const anna = failing('anna', 2);
    const scheduler = schedulerOf({ onError: 'continue', onLog: (entry) => logs.push(entry) }, anna);
    expect(scheduler.run({ until: 5 })).toMatchObject({ reason: 'until', failures: 1, events: 4 });
    expect([anna.setups, anna.teardowns]).toEqual([1, 0]);
    expect(logs).toMatchObject([{ level: 'error', agent: 'anna', time: 2 }]);
    expect(logs[0]?.text).toContain('boom');
  });

  it('is counted in the run in which it threw', () => {
    const scheduler = schedulerOf({ onError: 'continue' }, failing('anna', 2));
    expect([scheduler.run({ until: 3 }).failures, scheduler.run({ until: 9 }).failures]).toEqual([1, 0]);
  });
});

describe('time that stands still', () => {
  const rally = (topic: string, delay: number): Actor[] =>
    ['anna', 'ben'].map(
      (id, index, ids) =>
        new Actor(id, {
          setup: (self) => {
            if (index === 0) self.send('ben', topic, 0, delay);
          },
          receive: (self, message) => {
            if (message.topic === topic) self.send(ids[1 - index] as string, topic);
          },
        }),
    );

  it('is noticed: the error names who talks to whom', () => {
    const error = errorOf(() => schedulerOf({ roundLimit: 100 }, ...rally('ball', 1)).run());
    expect(error).toMatchObject({ code: 'ERR_TROUPE_ROUNDS', time: 1 });
    expect(error.message).toContain('"anna" -> "ben" (ball)');
    expect(error.message).toContain('"ben" -> "anna" (ball)');
    expect(error.message).toContain('100');
  });

  it('is noticed where an agent talks to itself, and where it broadcasts', () => {
    const self = new Actor('self', {
      setup: (agent) => agent.send('self', 'again'),
      receive: (agent) => agent.send('self', 'again'),
    });
    expect(errorOf(() => schedulerOf({ roundLimit: 50 }, self).run()).message).toContain(
      '"self" -> "self" (again)',
    );
    const loud = new Actor('loud', {
      setup: (agent) => {
        agent.subscribe({ topic: 'noise' });
        agent.broadcast('noise');
      },
      receive: (agent) => agent.broadcast('noise'),
    });
    expect(errorOf(() => schedulerOf({ roundLimit: 50 }, loud).run()).message).toContain(
      '"loud" -> all (noise)',
    );
  });

  it('is none where an instant has many rounds and ends', () => {
    const countdown = (): Actor =>
      new Actor('countdown', {
        setup: (self) => self.setAlarm(1, 'count', 99),
        receive: (self, { body }) => {
          if (body > 0) self.send('countdown', 'count', body - 1);
        },
      });
    expect(schedulerOf({ roundLimit: 100 }, countdown()).run()).toMatchObject({
      reason: 'idle',
      events: 100,
    });
    expect(errorOf(() => schedulerOf({ roundLimit: 90 }, countdown()).run()).code).toBe('ERR_TROUPE_ROUNDS');
  });

  it('is explained by its own instant, not by one before that ended', () => {
    const long = new Actor('long', {
      setup: (self) => self.setAlarm(1, 'harmless', 98),
      receive: (self, { body }) => {
        if (body > 0) self.send('long', 'harmless', body - 1);
      },
    });
    const error = errorOf(() => schedulerOf({ roundLimit: 100 }, long, ...rally('ball', 2)).run());
    expect(error).toMatchObject({ code: 'ERR_TROUPE_ROUNDS', time: 2 });
    expect(error.message).not.toContain('harmless');
  });

  it('beyond 2^53 is refused before seconds are lost', () => {
    const anna = ticking('anna');
    const error = errorOf(() => schedulerOf({ startTime: 2 ** 53 - 10 }, anna).run());
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_PRECISION', agent: 'anna', topic: 'tick' });
    expect(anna.at).toEqual(Array.from({ length: 10 }, (_, index) => 2 ** 53 - 9 + index));
  });

  it('is refused where a delay is too short to move the clock', () => {
    const anna = new Actor('anna', { setup: (self) => self.send('anna', 'soon', 0, 1e-9) });
    const error = errorOf(() => schedulerOf({ startTime: 1e9 }, anna).run());
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_PRECISION', time: 1e9, value: 1e-9 });
  });

  it('is not what steps of 0.1 make: each moves the clock by the same sum', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(0.1, 'tick', 1),
      receive: (self, { body }) => {
        if (body < 10) self.setAlarm(0.1, 'tick', body + 1);
      },
    });
    schedulerOf({}, anna).run();
    let sum = 0;
    expect(anna.at).toEqual(Array.from({ length: 10 }, () => (sum += 0.1)));
  });
});

describe('asynchronous handlers', () => {
  class AsyncReceive extends Agent {
    override async receive(): Promise<void> {}
  }
  class AsyncUpdate extends Agent {
    override async update(): Promise<void> {}
  }
  class AsyncSetup extends Agent {
    override async setup(): Promise<void> {}
  }
  class AsyncTeardown extends Agent {
    override async teardown(): Promise<void> {}
  }
  class AsyncTable extends Agent {
    static override readonly handlers = { fine() {}, async slow() {} };
  }
  class AsyncField extends Agent {
    override receive = async (): Promise<void> => {};
  }
  class Generator extends Agent {
    override *receive(): IterableIterator<void> {}
  }
  class AsyncGenerator extends Agent {
    override async *receive(): AsyncIterableIterator<void> {}
  }

  it.each([
    [AsyncReceive, 'receive'],
    [AsyncUpdate, 'update'],
    [AsyncSetup, 'setup'],
    [AsyncTeardown, 'teardown'],
    [AsyncTable, 'slow'],
    [AsyncField, 'receive'],
    [Generator, 'receive'],
    [AsyncGenerator, 'receive'],
  ])('are refused when the agent is added: %o.%s', (agentClass, name) => {
    const scheduler = new Scheduler();
    const error = errorOf(() => scheduler.add(new agentClass('slow')));
    expect(error.code).toBe('ERR_TROUPE_ASYNC_HANDLER');
    expect(error.message).toContain(`${agentClass.name}.${name}`);
    expect(scheduler.agents).toEqual([]);
  });

  it('that answer a promise when they are called stop the run', () => {
    class Sneaky extends Agent {
      override receive(): unknown {
        return Promise.resolve();
      }
    }
    class SneakyTable extends Agent {
      static override readonly handlers = { go: () => Promise.resolve() };
    }
    class SneakyUpdate extends Agent {
      override update(): unknown {
        return Promise.resolve();
      }
    }
    for (const agentClass of [Sneaky, SneakyTable, SneakyUpdate]) {
      const scheduler = schedulerOf({}, new agentClass('sneaky'));
      scheduler.send('sneaky', 'go');
      const error = errorOf(() => scheduler.run());
      expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'sneaky', topic: 'go' });
      expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_ASYNC_HANDLER' });
    }
    const setup = new Actor('sneaky', { setup: () => {} });
    setup.setup = () => Promise.resolve() as never;
    expect(errorOf(() => schedulerOf({}, setup).run()).cause).toMatchObject({
      code: 'ERR_TROUPE_ASYNC_HANDLER',
    });
  });

  it('are told from synchronous ones that answer something else', () => {
    class Chatty extends Agent {
      override receive(): unknown {
        return Object.fromEntries([['then', 'not a function']]);
      }
    }
    const scheduler = schedulerOf({}, new Chatty('chatty'));
    scheduler.send('chatty', 'go');
    expect(scheduler.run().events).toBe(1);
  });
});

describe('adding an agent', () => {
  it('answers its id and calls its setup when the next run begins', () => {
    const anna = new Actor('anna');
    const scheduler = new Scheduler();
    expect(scheduler.add(anna)).toBe('anna');
    expect(anna.setups).toBe(0);
    expect(scheduler.get('anna')).toBe(anna);
    expect(scheduler.get('nobody')).toBeUndefined();
    scheduler.run();
    expect(anna.setups).toBe(1);
  });

  it('generates an id that is free where it has none', () => {
    const scheduler = schedulerOf({}, new Actor('agent-2'));
    const agents = [new Actor(), new Actor(), new Actor()];
    expect(agents.map((agent) => scheduler.add(agent))).toEqual(['agent-1', 'agent-3', 'agent-4']);
    expect(agents.map(({ id }) => id)).toEqual(['agent-1', 'agent-3', 'agent-4']);
    expect(errorOf(() => new Actor().id).code).toBe('ERR_TROUPE_AGENT_NOT_RUNNING');
  });

  it('may name it, unless it has another name already', () => {
    const scheduler = new Scheduler();
    expect(scheduler.add(new Actor(), 'anna')).toBe('anna');
    expect(scheduler.add(new Actor('ben'), 'ben')).toBe('ben');
    expect(errorOf(() => scheduler.add(new Actor('carl'), 'dora')).code).toBe('ERR_TROUPE_AGENT_ID');
    expect(scheduler.agents).toEqual(['anna', 'ben']);
  });

  it('lists agents in order of id', () => {
    const ids: AgentId[] = ['b', 10, '', 9, 'a', -1, 'B'];
    expect(schedulerOf({}, ...ids.map((id) => new Actor(id))).agents).toEqual([...ids].sort(compareIds));
    expect([...ids].sort(compareIds)).toEqual([-1, 9, 10, '', 'B', 'a', 'b']);
  });

  it('refuses an id that is taken, and leaves the first as it is', () => {
    const first = new Actor('anna');
    const scheduler = schedulerOf({}, first);
    const error = errorOf(() => scheduler.add(new Actor('anna')));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_DUPLICATE', agent: 'anna' });
    expect(scheduler.get('anna')).toBe(first);
    scheduler.run();
    expect(first.setups).toBe(1);
  });

  it.each([
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -0,
    null,
    true,
    {},
    [],
    10n,
    Symbol('id'),
    '@system',
    OUTSIDE,
    '\ud800',
  ])('refuses what cannot be an id: %o', (id) => {
    expect(errorOf(() => new Actor(id as AgentId)).code).toBe('ERR_TROUPE_AGENT_ID');
    const scheduler = new Scheduler();
    expect(errorOf(() => scheduler.add(new Actor(), id as AgentId)).code).toBe('ERR_TROUPE_AGENT_ID');
    expect(scheduler.agents).toEqual([]);
  });

  it.each([undefined, null, 'anna', {}, Actor, () => {}, { id: 'x', receive() {} }])(
    'refuses what is not an agent: %o',
    (agent) => {
      const scheduler = new Scheduler();
      expect(errorOf(() => scheduler.add(agent as unknown as Agent, 'anna')).code).toBe(
        'ERR_TROUPE_AGENT_INVALID',
      );
      expect(scheduler.agents).toEqual([]);
    },
  );

  it('refuses one that belongs to a run already, this or another, until it is removed there', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna);
    const other = new Scheduler();
    expect(errorOf(() => scheduler.add(anna)).code).toMatch(/^ERR_TROUPE_AGENT_(INVALID|DUPLICATE)$/);
    expect(errorOf(() => other.add(anna)).code).toBe('ERR_TROUPE_AGENT_INVALID');
    scheduler.run();
    scheduler.remove(anna);
    other.add(anna);
    other.run();
    expect([anna.setups, anna.teardowns]).toEqual([2, 1]);
  });
});

describe('removing an agent', () => {
  it('calls its teardown once, while it can still act', () => {
    const anna = new Actor('anna', { teardown: (self) => self.send('ben', 'bye', self.time) });
    const ben = new Actor('ben');
    const scheduler = schedulerOf({}, anna, ben);
    scheduler.run();
    scheduler.remove('anna');
    expect(scheduler.agents).toEqual(['ben']);
    scheduler.run();
    expect(anna.teardowns).toBe(1);
    expect(ben.topics).toEqual(['bye']);
  });

  it('accepts the agent itself, and ids 0 and the empty text', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna, new Actor(0), new Actor(''));
    scheduler.remove(anna);
    scheduler.remove(0);
    scheduler.remove('');
    expect(scheduler.agents).toEqual([]);
  });

  it('refuses one that is not there', () => {
    const scheduler = schedulerOf({}, new Actor('anna'));
    expect(errorOf(() => scheduler.remove('ben'))).toMatchObject({
      code: 'ERR_TROUPE_AGENT_UNKNOWN',
      agent: 'ben',
    });
    scheduler.remove('anna');
    expect(errorOf(() => scheduler.remove('anna')).code).toBe('ERR_TROUPE_AGENT_UNKNOWN');
  });

  it('refuses an agent that was never added, with or without a name that another has', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna);
    expect(errorOf(() => scheduler.remove(new Actor('anna'))).code).toBe('ERR_TROUPE_AGENT_UNKNOWN');
    expect(scheduler.get('anna')).toBe(anna);
    expect(errorOf(() => scheduler.remove(new Actor())).code).toBe('ERR_TROUPE_AGENT_UNKNOWN');
  });

  it('lets it be added again: it is set up again, and keeps its state', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna);
    scheduler.send('anna', 'one');
    scheduler.run();
    scheduler.remove(anna);
    scheduler.add(anna);
    scheduler.send('anna', 'two');
    scheduler.run();
    expect(anna.topics).toEqual(['one', 'two']);
    expect([anna.setups, anna.teardowns]).toEqual([2, 1]);
  });

  it('before its first run and adding it again sets it up once', () => {
    const anna = new Actor('anna');
    const scheduler = schedulerOf({}, anna);
    scheduler.remove(anna);
    scheduler.add(anna);
    scheduler.run();
    expect(anna.setups).toBe(1);
  });
});

describe('agents that add and remove agents', () => {
  class Child extends Agent {
    static log: string[] = [];
    readonly #name: string;

    constructor(name = 'child') {
      super();
      this.#name = name;
    }

    override setup(): void {
      Child.log.push(`${this.#name} ${this.id} up at ${this.time}`);
    }

    override receive({ topic }: Message): void {
      Child.log.push(`${this.#name} ${topic}`);
    }

    override teardown(): void {
      Child.log.push(`${this.#name} down at ${this.time}`);
    }
  }

  const runWith = (options: SchedulerOptions, ...agents: Agent[]): [Scheduler, Report, string[]] => {
    Child.log = [];
    const scheduler = schedulerOf({ agents: [Child], ...options }, ...agents);
    return [scheduler, scheduler.run(), Child.log];
  };

  it('do so while the run goes on: it is there in the next round, before the messages of that round', () => {
    const parent = new Actor('parent', {
      setup: (self) => self.setAlarm(2, 'go'),
      receive: (self) => {
        const id = self.add(Child, { id: 'kid', args: ['Kid'] });
        self.send(id, 'hello');
        self.send(id, 'later', undefined, 1);
      },
    });
    const [scheduler, report, log] = runWith({}, parent);
    expect(log).toEqual(['Kid kid up at 2', 'Kid hello', 'Kid later']);
    expect(report).toMatchObject({ deadLetters: 0, clusters: [{ agents: 2 }] });
    expect(scheduler.agents).toEqual(['kid', 'parent']);
  });

  it('do so in setup as well', () => {
    const [, , log] = runWith({}, new Actor('parent', { setup: (self) => self.add(Child, { id: 0 }) }));
    expect(log).toEqual(['child 0 up at 0']);
  });

  it('wait one lookahead where there is one', () => {
    const parent = new Actor('parent', {
      setup: (self) => self.setAlarm(2, 'go'),
      receive: (self) => {
        const id = self.add(Child);
        self.send(id, 'too early', undefined, 1);
        self.send(id, 'in time', undefined, 1.5);
        self.setAlarm(3, 'leave', undefined, { to: id });
        self.setAlarm(4, 'never', undefined, { to: id });
        self.send('helper', 'go', id, 3);
      },
    });
    const helper = new Actor('helper', { receive: (self, { body }) => self.remove(body) });
    const [, report, log] = runWith({ lookahead: 1.5 }, parent, helper);
    expect(log).toEqual([
      'child parent/1 up at 3.5',
      'child in time',
      'child leave',
      'child never',
      'child down at 6.5',
    ]);
    expect(report.deadLetters).toBe(1);
  });

  it('get ids of their own and a number for those they do not name', () => {
    const ids: AgentId[] = [];
    const parent = (id: AgentId): Actor =>
      new Actor(id, {
        setup: (self) => {
          ids.push(self.add(Child), self.add(Child));
        },
      });
    const [scheduler] = runWith({}, parent('p'), parent(7));
    expect(ids).toEqual(['p/1', 'p/2', '7/1', '7/2']);
    expect(scheduler.agents).toEqual([7, '7/1', '7/2', 'p', 'p/1', 'p/2']);
  });

  it('remove others, or themselves', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self, { topic }) => {
        if (topic !== 'go') return;
        self.remove('ben');
        self.remove();
        self.send('ben', 'too late');
        self.send('anna', 'too late');
      },
    });
    const ben = new Actor('ben', { setup: (self) => self.setAlarm(1, 'same round') });
    const [scheduler, report] = runWith({}, anna, ben);
    expect(scheduler.agents).toEqual([]);
    expect(ben.topics).toEqual(['same round']);
    expect([anna.teardowns, ben.teardowns]).toEqual([1, 1]);
    expect(report).toMatchObject({ deadLetters: 2, clusters: [{ agents: 0 }] });
  });

  it('may remove what was added in the same round, and add what was removed', () => {
    const first = new Actor('kid');
    const parent = new Actor('parent', {
      setup: (self) => self.setAlarm(1, 'go'),
      receive: (self) => {
        self.remove('kid');
        self.add(Child, { id: 'kid' });
        self.add(Child, { id: 'brief' });
        self.remove('brief');
      },
    });
    const [scheduler, , log] = runWith({}, parent, first);
    expect(log).toEqual(['child kid up at 1', 'child brief up at 1', 'child down at 1']);
    expect(first.teardowns).toBe(1);
    expect(scheduler.get('kid')).toBeInstanceOf(Child);
  });

  it('find the removal of one that is not there without effect', () => {
    const [, report] = runWith({}, new Actor('anna', { setup: (self) => self.remove('nobody') }));
    expect(report).toMatchObject({ reason: 'idle', failures: 0 });
  });

  it.each([0, 1])('that both add the same id stop the run, and it names the second by id (%i)', (turn) => {
    const parents = ['a', 'b'].map(
      (id) =>
        new Actor(id, {
          setup: (self) => self.setAlarm(1, 'go'),
          receive: (self) => self.add(Child, { id: 'kid' }),
        }),
    );
    const error = errorOf(() => runWith({}, ...(turn === 0 ? parents : parents.reverse())));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'b', time: 1 });
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_AGENT_DUPLICATE', agent: 'kid' });
  });

  it('may only add classes that the model lists', () => {
    const parent = new Actor('parent', { setup: (self) => self.add(Actor as AgentClass) });
    const error = errorOf(() => runWith({}, parent));
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_AGENT_INVALID' });
    expect(error.message).toContain('Actor is not among the classes');
  });

  it('hear of a constructor that throws, or that chooses another id', () => {
    class Broken extends Agent {
      constructor() {
        super();
        throw new Error('no parts');
      }
    }
    class Named extends Agent {
      constructor() {
        super('own name');
      }
    }
    const adding = (agentClass: AgentClass): SimulationError =>
      errorOf(() =>
        runWith(
          { agents: [Broken, Named] },
          new Actor('parent', { setup: (self) => self.add(agentClass, { id: 'kid' }) }),
        ),
      );
    expect(adding(Broken)).toMatchObject({ agent: 'parent', cause: { message: 'no parts' } });
    expect(adding(Named).cause).toMatchObject({ code: 'ERR_TROUPE_AGENT_ID', agent: 'kid' });
  });

  it('may be born and die in great number', () => {
    class Mayfly extends Agent {
      override setup(): void {
        this.setAlarm(1, 'old');
        this.send('hub', 'born', this.random.integer(1000));
      }
      override receive(): void {
        this.remove();
      }
    }
    const born = (rounds: number): [number, number, AgentId[]] => {
      let sum = 0;
      const hub = new Actor('hub', {
        setup: (self) => self.setAlarm(1, 'hatch', rounds),
        receive: (self, { topic, body }) => {
          if (topic === 'born') sum += body;
          else {
            for (let index = 0; index < 100; index += 1) self.add(Mayfly);
            if (body > 1) self.setAlarm(1, 'hatch', body - 1);
          }
        },
      });
      const scheduler = schedulerOf({ agents: [Mayfly] }, hub);
      const report = scheduler.run();
      expect(report.deadLetters).toBe(0);
      return [report.events, sum, scheduler.agents];
    };
    const [events, sum, left] = born(120);
    expect(events).toBe(120 + 2 * 12_000);
    expect(sum / 12_000).toBeGreaterThan(450);
    expect(sum / 12_000).toBeLessThan(550);
    expect(left).toEqual(['hub']);
  });
});

describe('the log', () => {
  it('gets what agents write, with level, time, round, agent, text and data', () => {
    const logs: LogEntry[] = [];
    const anna = new Actor('anna', {
      setup: (self) => self.setAlarm(3, 'go'),
      receive: (self) => self.log('info', 'hello', { n: 1 }),
    });
    schedulerOf({ onLog: (entry) => logs.push(entry) }, anna).run();
    expect(logs).toEqual([
      { level: 'info', time: 3, round: 0, agent: 'anna', text: 'hello', data: { n: 1 } },
    ]);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('from the level %s on', (logLevel, expected) => {
    const logs: string[] = [];
    const anna = new Actor('anna', {
      setup: (self) => {
        for (const level of ['debug', 'info', 'warn', 'error'] as const) self.log(level, level);
      },
    });
    schedulerOf({ logLevel, onLog: ({ level }) => logs.push(level) }, anna).run();
    expect(logs).toEqual(expected);
  });
});

describe('the event log', () => {
  const talk = (): Actor[] => [
    new Actor('anna', { setup: (self) => self.send('ben', 'ball', { n: 1 }, 2) }),
    new Actor('ben', {
      setup: (self) => self.subscribe({ topic: 'echo' }),
      receive: (self, { topic, body }) => {
        if (topic === 'ball') {
          body.n = 99;
          self.broadcast('echo', 7);
        }
      },
    }),
  ];
  const expected = [
    { time: 2, round: 0, to: 'ben', from: 'anna', topic: 'ball', body: { n: 1 }, sentAt: 0 },
    { time: 2, round: 1, to: 'ben', from: 'ben', topic: 'echo', body: 7, sentAt: 2 },
  ];

  it('tells of each delivery, with the body as it was then', () => {
    const events: EventRecord[] = [];
    schedulerOf({ onEvent: (event) => events.push(event) }, ...talk()).run();
    expect(events).toEqual(expected);
  });

  it('is published on the channel troupe:event, while somebody listens', () => {
    const events: unknown[] = [];
    const listen = (event: unknown): unknown => events.push(event);
    const scheduler = schedulerOf({}, ...talk());
    channel('troupe:event').subscribe(listen);
    try {
      scheduler.run();
    } finally {
      channel('troupe:event').unsubscribe(listen);
    }
    scheduler.send('ben', 'unheard');
    scheduler.run();
    expect(events).toEqual(expected);
  });

  it('has channels for the beginning and end of runs and for dead letters', () => {
    const told: unknown[] = [];
    const names = ['troupe:run:start', 'troupe:run:end', 'troupe:dead-letter'];
    const listen = (message: unknown, name: string | symbol): unknown => told.push([name, message]);
    for (const name of names) channel(name).subscribe(listen);
    const scheduler = new Scheduler({ seed: 3 });
    scheduler.send('nobody', 'hello', 1, 2);
    let report: Report;
    try {
      report = scheduler.run();
    } finally {
      for (const name of names) channel(name).unsubscribe(listen);
    }
    expect(told).toEqual([
      ['troupe:run:start', { time: 0, seed: 3 }],
      ['troupe:dead-letter', { time: 2, round: 0, to: 'nobody', from: OUTSIDE, topic: 'hello' }],
      ['troupe:run:end', report],
    ]);
  });
});

describe('strict mode', () => {
  class Point {
    x = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth += 1) deep = [deep];

  const passes: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['0', 0],
    ['-0', -0],
    ['-0 in an object', { x: -0 }],
    ['NaN', Number.NaN],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['the least number', Number.MIN_VALUE],
    ['2^53', 2 ** 53],
    ['text', 'héllo \u{1f600} \0'],
    ['a lone surrogate', 'a\ud800b'],
    ['long text', 'x'.repeat(100_000)],
    ['a bigint', 2n ** 63n],
    ['a negative bigint', -(2n ** 63n)],
    ['a date', new Date(123_456_789)],
    ['an array', [1, 'two', [3, null], undefined]],
    ['an object', { a: 1, b: { c: [2] }, '': 3, d: undefined }],
    [
      'a map',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', { b: 2 }],
      ]),
    ],
    ['a set', new Set<unknown>([1, '1', null])],
    ['a Float64Array', new Float64Array([1.5, -0, Number.NaN])],
    ['a Uint8Array', new Uint8Array([1, 2, 255])],
    ['an Int32Array', new Int32Array([-1, 2])],
    ['a BigInt64Array', new BigInt64Array([-1n])],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
  ];

  const fails: [string, unknown][] = [
    ['a function', () => {}],
    ['a function in an object', { deep: { callback: () => {} } }],
    ['a class', Point],
    ['an instance of a class', new Point()],
    ['an agent', new Actor('body')],
    ['a symbol', Symbol('s')],
    ['an object with a symbol as key', { [Symbol('s')]: 1 }],
    ['an object without a prototype', Object.create(null)],
    ['a cycle', cyclic],
    ['100 nested arrays', deep],
    ['an array with a hole', Object.assign([1], { length: 3 })],
    ['an array with a property', Object.assign([1], { name: 'list' })],
    ['an array of a class', new (class Path extends Array<number> {})(3).fill(1)],
    ['a map of a class', new (class Index extends Map<string, number> {})([['a', 1]])],
    ['a bigint beyond 64 bits', 2n ** 64n],
    ['an invalid date', new Date(Number.NaN)],
    ['an error', new Error('boom')],
    ['a regular expression', /x/],
    ['a promise', Promise.resolve()],
    ['a WeakMap', new WeakMap()],
    ['a boxed number', Object(1)],
    ['shared memory', new SharedArrayBuffer(8)],
    ['a key __proto__', JSON.parse('{"__proto__": 1}')],
    ['a key with a lone surrogate', { '\ud800': 1 }],
  ];

  const send = (body: unknown, strict: boolean): Actor => {
    const ben = new Actor('ben');
    schedulerOf({ strict }, new Actor('anna', { setup: (self) => self.send('ben', 'it', body) }), ben).run();
    return ben;
  };

  it.each(passes)('passes %s, equal to the bit', (_, body) => {
    expect(send(body, true).heard[0]?.body).toStrictEqual(body);
    expect(Object.is(send(body, true).heard[0]?.body, body)).toBe(typeof body !== 'object' || body === null);
  });

  it.each(fails)('refuses %s where it is sent', (_, body) => {
    expect(send(body, false).heard[0]?.body).toBe(body);
    const error = errorOf(() => send(body, true));
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 'anna' });
    expect(error.cause).toMatchObject({ code: 'ERR_TROUPE_BODY_NOT_ENCODABLE' });
  });

  it.each([
    ['broadcast', (self: Actor, body: unknown) => self.broadcast('it', body)],
    ['sendDirect', (self: Actor, body: unknown) => self.sendDirect('ben', 'it', body)],
    ['send to itself', (self: Actor, body: unknown) => self.send('anna', 'it', body)],
    ['setAlarm', (self: Actor, body: unknown) => self.setAlarm(1, 'it', body)],
    ['setAlarmAt', (self: Actor, body: unknown) => self.setAlarmAt(1, 'it', body, { to: 'ben' })],
    ['add', (self: Actor, body: unknown) => self.add(Taking, { args: [body] })],
    ['stop', (self: Actor, body: unknown) => self.stop('reason', body)],
    ['report', (self: Actor, body: unknown) => self.report('name', body)],
  ])('looks at what agents hand over with %s', (_, act) => {
    const run = (body: unknown, strict: boolean): Report =>
      schedulerOf(
        { strict, agents: [Taking] },
        new Actor('anna', { setup: (self) => act(self, body) }),
        new Actor('ben'),
      ).run();
    expect(run({ fine: true }, true).failures).toBe(0);
    expect(run(() => {}, false).failures).toBe(0);
    expect(errorOf(() => run(() => {}, true)).cause).toMatchObject({ code: 'ERR_TROUPE_BODY_NOT_ENCODABLE' });
  });

  class Taking extends Agent {
    constructor(_body: unknown) {
      super();
    }
  }

  it('looks at what comes from outside', () => {
    const scheduler = schedulerOf({ strict: true }, new Actor('ben'));
    expect(() => scheduler.send('ben', 'it', () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_TROUPE_BODY_NOT_ENCODABLE' }),
    );
    scheduler.send('ben', 'it', [1]);
    expect(scheduler.run().events).toBe(1);
  });

  it('hands over the value at the time of sending: what the sender does to it later is not seen', () => {
    const heard = (strict: boolean): unknown => {
      const body = { list: [1] };
      const anna = new Actor('anna', {
        setup: (self) => {
          self.send('ben', 'it', body);
          body.list.push(2);
        },
      });
      const ben = new Actor('ben');
      schedulerOf({ strict }, anna, ben).run();
      return ben.heard[0]?.body;
    };
    expect(heard(true)).toEqual({ list: [1] });
    expect(heard(false)).toEqual({ list: [1, 2] });
  });

  it('shows a model that shares state through the arguments of a new agent', () => {
    class Sharing extends Agent {
      constructor(shared: number[]) {
        super();
        shared.push(1);
      }
    }
    const shared: number[] = [];
    schedulerOf(
      { strict: true, agents: [Sharing] },
      new Actor('anna', { setup: (self) => self.add(Sharing, { args: [shared] }) }),
    ).run();
    expect(shared).toEqual([]);
  });

  it('gives the same digest as a run that is not strict', () => {
    expect(gossip({ strict: true }).run({ until: 30 }).digest).toBe(gossip().run({ until: 30 }).digest);
  });

  describe('with lookahead', () => {
    const strictly = (script: Script, ...others: Agent[]): unknown =>
      errorOf(() => schedulerOf({ strict: true, lookahead: 1 }, new Actor('anna', script), ...others).run())
        .cause;
    const go = (act: (self: Actor) => void): Script => ({
      setup: (self) => self.setAlarm(5, 'go'),
      receive: (self, { topic }) => {
        if (topic === 'go') act(self);
      },
    });
    const error = expect.objectContaining({
      code: 'ERR_TROUPE_LOOKAHEAD',
      agent: 'anna',
      topic: 'it',
      value: 0.5,
      message: expect.stringMatching(/"anna".*"it".*0\.5.*lookahead of 1/),
    });

    it('refuses a delay below it between two agents, naming agent, topic, delay and lookahead', () => {
      expect(strictly(go((self) => self.send('ben', 'it', 1, 0.5)))).toEqual(error);
      expect(strictly(go((self) => self.sendDirect('ben', 'it', 1, 0.5)))).toEqual(error);
      expect(strictly(go((self) => self.setAlarm(0.5, 'it', 1, { to: 'ben' })))).toEqual(error);
      expect(strictly(go((self) => self.broadcast('it', 1, 0.5)))).toEqual(error);
    });

    it('refuses one to oneself when another listens, who may live elsewhere', () => {
      const spy = new Actor('spy', { setup: (self) => self.subscribe({ topic: 'it' }) });
      expect(
        strictly(
          go((self) => self.send('anna', 'it', 1, 0.5)),
          spy,
        ),
      ).toEqual(error);
    });

    it('lets pass what an agent sends to itself, what keeps the promise, and what is sent in setup', () => {
      const ben = new Actor('ben');
      const anna = new Actor('anna', {
        setup: (self) => {
          self.send('ben', 'in setup', 1, 0.25);
          self.setAlarm(5, 'go');
        },
        receive: (self, { topic }) => {
          if (topic !== 'go') return;
          self.send('anna', 'own', 1, 0.5);
          self.setAlarm(0.5, 'own');
          self.send('ben', 'in time', 1, 1);
        },
      });
      schedulerOf({ strict: true, lookahead: 1 }, anna, ben).run();
      expect(anna.topics).toEqual(['go', 'own', 'own']);
      expect(ben.at).toEqual([0.25, 6]);
    });
  });
});

describe('options', () => {
  it.each<[string, unknown]>([
    ['seed', Number.NaN],
    ['seed', Number.POSITIVE_INFINITY],
    ['seed', 'x'],
    ['lookahead', -1],
    ['lookahead', Number.NaN],
    ['startTime', -1],
    ['startTime', Number.POSITIVE_INFINITY],
    ['roundLimit', 0],
    ['roundLimit', -5],
    ['roundLimit', Number.NaN],
    ['onError', 'explode'],
    ['logLevel', 'loud'],
  ])('of a scheduler are checked: %s of %s is refused, naming both', (name, value) => {
    const error = errorOf(() => new Scheduler({ [name]: value }));
    expect(error.code).toBe('ERR_TROUPE_OPTION');
    expect(error.message).toContain(name);
    expect(error.message).toContain(String(value));
  });

  it.each<[string, RunOptions]>([
    ['until', { until: 4 }],
    ['until', { until: Number.NaN }],
    ['maxEvents', { maxEvents: 0 }],
    ['maxEvents', { maxEvents: Number.NaN }],
    ['speed', { speed: 0 }],
    ['speed', { speed: -1 }],
    ['speed', { speed: Number.NaN }],
    ['until', { stopWhenIdle: false }],
  ])('of a run are checked: %s in %o', (name, options) => {
    const scheduler = schedulerOf({ startTime: 5 }, ticking('anna'));
    const error = errorOf(() => scheduler.run(options));
    expect(error.code).toBe('ERR_TROUPE_OPTION');
    expect(error.message).toContain(name);
    expect(scheduler.run({ until: 7 }).events).toBe(1);
  });
});
