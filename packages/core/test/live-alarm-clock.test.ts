import { describe, expect, it } from 'vitest';
import type { AlarmId } from '../src/agent.ts';
import { AlarmClock, type Timed } from '../src/live/alarm-clock.ts';
import { numbers } from './fixtures/numbers.ts';

function timed(due: number, over: Partial<Timed> = {}): Timed {
  return {
    due,
    from: 'a',
    to: 'a',
    topic: 'ring',
    body: undefined,
    sentAt: 0,
    direct: true,
    isAlarm: true,
    unref: false,
    ...over,
  };
}

describe('an alarm clock', () => {
  it('gives out what is due in order of time, then of setting, in 20,000 schedules', () => {
    for (let seed = 1; seed <= 20_000; seed += 1) {
      const next = numbers(seed);
      const clock = new AlarmClock();
      let model: { due: number; id: AlarmId; order: number; unref: boolean }[] = [];
      let now = 0;
      for (let order = 0; order < 60; order += 1) {
        const action = next(10);
        if (action < 5) {
          const due = now + next(6);
          const unref = next(3) === 0;
          model.push({ due, id: clock.set(timed(due, { unref, body: order })), order, unref });
        } else if (action < 8 && model.length > 0) {
          const { id } = model[next(model.length)] as { id: AlarmId };
          model = model.filter((alarm) => alarm.id !== id);
          if (!clock.cancel('a', id) || clock.cancel('a', id))
            throw new Error(`schedule ${seed}: not cancelled once`);
        } else {
          now += next(3);
          model.sort((a, b) => a.due - b.due || a.order - b.order);
          while ((model[0]?.due ?? Number.POSITIVE_INFINITY) <= now) {
            const wanted = model.shift();
            if (clock.take(now)?.body !== wanted?.order) throw new Error(`schedule ${seed}: out of order`);
          }
          if (clock.take(now) !== undefined) throw new Error(`schedule ${seed}: too early`);
        }
        const nextDue = Math.min(...model.map(({ due }) => due));
        if (clock.size !== model.length || clock.next !== nextDue)
          throw new Error(`schedule ${seed}: lost count`);
        if (clock.live !== model.filter(({ unref }) => !unref).length)
          throw new Error(`schedule ${seed}: live`);
      }
    }
  });

  it('lists and cancels by topic and receiver, for whoever set them', () => {
    const clock = new AlarmClock();
    const ids = [
      clock.set(timed(3)),
      clock.set(timed(1, { topic: 'other' })),
      clock.set(timed(2, { to: 'b' })),
      clock.set(timed(2, { to: undefined })),
      clock.set(timed(0, { from: 'b' })),
    ];
    clock.set(timed(0, { isAlarm: false }));
    const found = (filter: Parameters<AlarmClock['list']>[1]): number[] =>
      clock.list('a', filter).map(({ id }) => ids.indexOf(id));
    expect(found({})).toEqual([1, 2, 3, 0]);
    expect(found({ topic: 'ring' })).toEqual([2, 3, 0]);
    expect(found({ to: 'a' })).toEqual([1, 0]);
    expect(found({ to: '*' })).toEqual([3]);
    expect(clock.list('a', { to: 'b' })).toEqual([{ id: ids[2], due: 2, topic: 'ring', to: 'b' }]);
    expect(clock.cancelMatching('a', { topic: 'ring' })).toBe(3);
    expect(found({})).toEqual([1]);
    expect(clock.cancel('b', ids[1] as AlarmId)).toBe(false);
    expect(clock.size).toBe(3);
    expect(clock.clear()).toBe(3);
    expect(clock).toMatchObject({ size: 0, live: 0, next: Number.POSITIVE_INFINITY });
  });

  it('does not keep what was cancelled', () => {
    const clock = new AlarmClock();
    for (let round = 0; round < 1000; round += 1) {
      clock.set(timed(1));
      const far = clock.set(timed(1e9, { topic: `${round}` }));
      expect(clock.take(1)?.due).toBe(1);
      expect(clock.cancel('a', far)).toBe(true);
    }
    expect(clock.size).toBe(0);
  });
});
