import { Agent, type EventRecord, type Message, Scheduler } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Actor, errorOf, schedulerOf } from './fixtures/actor.ts';

/** Sends on what it gets, to anyone, with delays that often coincide, until a message has hopped often enough. */
class Restless extends Agent<{ hop: number }> {
  override setup(): void {
    this.#hop(0);
    this.#hop(0);
  }

  override receive({ body }: Message<{ hop: number }>): void {
    if (body < 4) this.#hop(body + 1);
  }

  #hop(hops: number): void {
    this.send(this.random.integer(3), 'hop', hops, this.random.integer(3) / 2);
  }
}

describe('Scheduler.pending', () => {
  it('lists what is to come, earliest first, with alarms and broadcasts', () => {
    const anna = new Actor('anna', {
      setup: (self) => {
        self.send('ben', 'later', 1, 3);
        self.setAlarm(2, 'own');
        self.broadcast('news', 'all', 1);
        self.stop('commands are no messages');
      },
    });
    const scheduler = schedulerOf({}, anna, new Actor('ben'));
    scheduler.send('ben', 'outside', 0, 2.5);
    scheduler.run({ until: 0 });
    expect(scheduler.pending()).toEqual([
      { due: 1, to: undefined, from: 'anna', topic: 'news', sentAt: 0 },
      { due: 2, to: 'anna', from: 'anna', topic: 'own', sentAt: 0 },
      { due: 2.5, to: 'ben', from: '@outside', topic: 'outside', sentAt: 0 },
      { due: 3, to: 'ben', from: 'anna', topic: 'later', sentAt: 0 },
    ]);
    expect(scheduler.pending(1.9).map(({ topic }) => topic)).toEqual(['news']);
    expect(scheduler.pending(0)).toEqual([]);
  });

  it('finds the first of many', () => {
    const scheduler = schedulerOf({}, new Actor('ben'));
    for (let index = 0; index < 5000; index += 1)
      scheduler.send('ben', 'one', 0, 1 + ((index * 7919) % 5000));
    expect(scheduler.pending(3).map(({ due }) => due)).toEqual([1, 2, 3]);
    expect(scheduler.pending()).toHaveLength(5000);
  });

  it('leaves out what was cancelled, in the very round too', () => {
    const anna = new Actor('anna', {
      setup: (self) => self.send('anna', 'go'),
      receive: (self) => {
        self.setAlarm(5, 'kept');
        self.cancelAlarm(self.setAlarm(4, 'own'));
        self.cancelAlarm(self.setAlarm(4, 'of another', 0, { to: 'ben' }));
      },
    });
    for (const lookahead of [0, 1]) {
      const scheduler = schedulerOf({ lookahead }, anna, new Actor('ben'));
      scheduler.step();
      expect(scheduler.pending().map(({ topic }) => topic)).toEqual(['kept']);
      scheduler.remove('anna');
    }
  });

  it('says in advance what is delivered, round by round', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const events: EventRecord[] = [];
        const scheduler = new Scheduler<{ hop: number }>({ seed, onEvent: (event) => events.push(event) });
        for (let id = 0; id < 3; id += 1) scheduler.add(new Restless(id));
        scheduler.run({ until: 0 });
        for (;;) {
          const said = scheduler.pending();
          const before = events.length;
          if (!scheduler.step()) break;
          const delivered = events.slice(before).map(({ time, to, from, topic, sentAt }) => ({
            due: time,
            to,
            from,
            topic,
            sentAt,
          }));
          // Agents of one round may be called in any order; what each gets is in the order that was said.
          const round = said.slice(0, delivered.length);
          for (let id = 0; id < 3; id += 1) {
            expect(delivered.filter(({ to }) => to === id)).toEqual(round.filter(({ to }) => to === id));
          }
        }
        expect(events.length).toBeGreaterThanOrEqual(30);
        expect(scheduler.pending()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a limit that is none', () => {
    const scheduler = new Scheduler();
    for (const limit of [-1, Number.NaN]) {
      expect(errorOf(() => scheduler.pending(limit)).code).toBe('ERR_TROUPE_OPTION');
    }
  });
});
