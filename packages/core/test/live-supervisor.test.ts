import { describe, expect, it } from 'vitest';
import { LIVE_ERROR_POLICIES, Supervisor } from '../src/live/supervisor.ts';
import { numbers } from './fixtures/numbers.ts';

describe('a supervisor', () => {
  it.each(LIVE_ERROR_POLICIES.filter((policy) => policy !== 'restart'))(
    'that says %s says so always',
    (onError) => {
      const supervisor = new Supervisor({ onError, maxRestarts: 0, within: 0 });
      for (let time = 0; time < 10; time += 1) expect(supervisor.decide('a', time)).toBe(onError);
    },
  );

  it('allows so many restarts within the period, and gives up at one more', () => {
    const supervisor = new Supervisor({ onError: 'restart', maxRestarts: 3, within: 5 });
    expect([0, 1, 2, 5].map((time) => supervisor.decide('a', time))).toEqual([
      'restart',
      'restart',
      'restart',
      'giveUp',
    ]);
  });

  it('forgets restarts that the period does not cover any more', () => {
    const supervisor = new Supervisor({ onError: 'restart', maxRestarts: 2, within: 5 });
    for (let time = 0; time < 100; time += 2.6) expect(supervisor.decide('a', time)).toBe('restart');
  });

  it('counts for each agent by itself, and from the beginning for one that comes again', () => {
    const supervisor = new Supervisor({ onError: 'restart', maxRestarts: 1, within: 5 });
    expect(supervisor.decide('a', 0)).toBe('restart');
    expect(supervisor.decide(1, 0)).toBe('restart');
    expect(supervisor.decide('a', 1)).toBe('giveUp');
    supervisor.forget('a');
    expect(supervisor.decide('a', 1)).toBe('restart');
    expect(supervisor.decide(1, 1)).toBe('giveUp');
  });

  it('allows none at all, where the limit is 0', () => {
    expect(new Supervisor({ onError: 'restart', maxRestarts: 0, within: 5 }).decide('a', 0)).toBe('giveUp');
  });

  it('never has more restarts in any period than it allows, nor gives up sooner, in 100,000 schedules', () => {
    for (let seed = 1; seed <= 100_000; seed += 1) {
      const next = numbers(seed);
      const maxRestarts = next(4);
      const within = next(6);
      const supervisor = new Supervisor({ onError: 'restart', maxRestarts, within });
      const restarts: number[] = [];
      for (let time = 0; time < 20; time += next(3)) {
        const recent = restarts.filter((restart) => restart >= time - within).length;
        const measure = supervisor.decide('a', time);
        if (measure !== (recent < maxRestarts ? 'restart' : 'giveUp')) {
          throw new Error(`schedule ${seed}: ${measure} at ${time} after ${recent} of ${maxRestarts}`);
        }
        if (measure === 'giveUp') break;
        restarts.push(time);
        time += next(2);
      }
    }
  });
});
