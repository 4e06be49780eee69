import { describe, expect, it } from 'vitest';
import { Ending, type EndingAction } from '../src/live/ending.ts';
import { numbers } from './fixtures/numbers.ts';

describe('the end of a live run', () => {
  it('drains, halts, and is complete when all clusters have ended', () => {
    const ending = new Ending(2);
    expect(ending.stop(true)).toBe('drain');
    expect(ending.idle()).toBe('halt');
    expect(ending.ended(1)).toBeUndefined();
    expect(ending.missing).toEqual([0]);
    expect(ending.ended(0)).toBe('complete');
    expect(ending).toMatchObject({ phase: 'over', drained: true });
  });

  it('halts at once without draining, or where draining takes too long', () => {
    expect(new Ending(1).stop(false)).toBe('halt');
    const ending = new Ending(1);
    ending.stop(true);
    expect(ending.tooLate()).toBe('halt');
    expect(ending.drained).toBe(false);
  });

  it('is cut short by one who does not want to drain', () => {
    const ending = new Ending(1);
    ending.stop(true);
    expect(ending.stop(true)).toBeUndefined();
    expect(ending.stop(false)).toBe('halt');
    expect(ending.idle()).toBeUndefined();
    expect(ending.drained).toBe(false);
  });

  it('gives up on clusters that do not end, and names them', () => {
    const ending = new Ending(3);
    ending.stop(false);
    ending.ended(1);
    expect(ending.tooLate()).toBe('giveUp');
    expect(ending.missing).toEqual([0, 2]);
    expect(ending.ended(0)).toBeUndefined();
    expect(ending.tooLate()).toBeUndefined();
  });

  it('halts once and is over once, whatever happens in whatever order, in 100,000 schedules', () => {
    for (let seed = 1; seed <= 100_000; seed += 1) {
      const next = numbers(seed);
      const clusters = 1 + next(3);
      const ending = new Ending(clusters);
      const actions: EndingAction[] = [];
      const note = (action: EndingAction | undefined): void => {
        if (action !== undefined) actions.push(action);
      };
      const left = Array.from({ length: clusters }, (_, cluster) => cluster);
      for (let step = 0; step < 12; step += 1) {
        const choice = next(8);
        if (choice < 2) note(ending.stop(choice === 0));
        else if (choice < 3) note(ending.idle());
        else if (choice < 4) note(ending.tooLate());
        // Clusters end once they are told to.
        else if (actions.includes('halt') && left.length > 0) {
          note(ending.ended(left.splice(next(left.length), 1)[0] as number));
        }
      }
      const text = actions.join(' ');
      if (!/^(drain)?( ?halt)?( (complete|giveUp))?$/.test(text))
        throw new Error(`schedule ${seed}: ${text}`);
      if (left.length === 0 && ending.phase !== 'over')
        throw new Error(`schedule ${seed}: all ended, and it goes on`);
    }
  });
});
