import { describe, expect, it } from 'vitest';
import { IdleDetector, type Standing } from '../src/live/idle-detector.ts';
import { numbers } from './fixtures/numbers.ts';

const SCHEDULES = 100_000;

interface Cluster {
  sent: number;
  received: number;
  work: number;
}

/**
 * Clusters that do nothing but receive a message and send some, at once, and waves that visit them in between: every
 * visit finds its cluster with nothing to do, and yet there may be messages under way. Answers what was wrong.
 */
function play(seed: number, detector: IdleDetector, size: number): string | undefined {
  const next = numbers(seed);
  const clusters: Cluster[] = Array.from({ length: size }, () => ({ sent: 0, received: 0, work: 0 }));
  /** For whom each message is that is under way; first one from outside. */
  const underWay = [next(size)];
  let outside = 1;
  let budget = 12;
  let unasked = clusters.map((_, cluster) => cluster);
  let wasIdle = false;
  for (let step = 0; step < 1000; step += 1) {
    if (underWay.length > 0 && next(2) === 0) {
      const [to] = underWay.splice(next(underWay.length), 1);
      const cluster = clusters[to as number] as Cluster;
      cluster.received += 1;
      cluster.work += 1;
      for (let count = next(3); count > 0 && budget > 0; count -= 1) {
        budget -= 1;
        cluster.sent += 1;
        underWay.push(next(size));
      }
      wasIdle ||= underWay.length === 0;
      continue;
    }
    if (underWay.length === 0 && budget > 0 && next(8) === 0) {
      // Something from outside ends the quiet.
      budget -= 1;
      outside += 1;
      underWay.push(next(size));
      continue;
    }
    const [asked] = unasked.splice(next(unasked.length), 1);
    const verdict = detector.answer(
      asked as number,
      detector.wave,
      { ...(clusters[asked as number] as Cluster) },
      outside,
    );
    if (verdict === 'idle') return wasIdle ? undefined : 'declared idle, and never was';
    if (verdict === 'again') unasked = clusters.map((_, cluster) => cluster);
  }
  return 'never declared idle';
}

/** The first schedule that goes wrong, of so many. */
function fault(make: (size: number) => IdleDetector): string | undefined {
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const size = 1 + (seed % 4);
    const wrong = play(seed, make(size), size);
    if (wrong !== undefined) return `${wrong} (schedule ${seed})`;
  }
  return undefined;
}

const underWay = (wave: ReadonlyMap<number, Standing>): number =>
  [...wave.values()].reduce((sum, { sent, received }) => sum + sent - received, 0);

/** Believes a single wave. */
class SingleWave extends IdleDetector {
  protected override isQuiet(
    _first: ReadonlyMap<number, Standing>,
    second: ReadonlyMap<number, Standing>,
  ): boolean {
    return underWay(second) === 0;
  }
}

/** Does not count what is under way. */
class NoCounts extends IdleDetector {
  protected override isQuiet(
    first: ReadonlyMap<number, Standing>,
    second: ReadonlyMap<number, Standing>,
  ): boolean {
    return [...first].every(([cluster, { work }]) => second.get(cluster)?.work === work);
  }
}

/** Does not count what was done between two waves. */
class NoWork extends IdleDetector {
  protected override isQuiet(
    first: ReadonlyMap<number, Standing>,
    second: ReadonlyMap<number, Standing>,
  ): boolean {
    return underWay(first) === 0 && underWay(second) === 0;
  }
}

describe('the detector of idleness', () => {
  it(`is right in ${SCHEDULES} schedules: it declares what was, and declares it`, () => {
    expect(fault((size) => new IdleDetector(size))).toBeUndefined();
  });

  it.each([
    ['believed a single wave', SingleWave],
    ['did not count what is under way', NoCounts],
    ['did not count what was done between waves', NoWork],
  ])('would be wrong if it %s', (_what, Mutant) => {
    expect(fault((size) => new Mutant(size))).toContain('declared idle, and never was');
  });

  it('needs two waves with equal counts, not two that are balanced', () => {
    const detector = new IdleDetector(1);
    expect(detector.answer(0, 1, { sent: 1, received: 1, work: 5 }, 0)).toBe('again');
    expect(detector.answer(0, 2, { sent: 2, received: 2, work: 6 }, 0)).toBe('again');
    expect(detector.answer(0, 3, { sent: 2, received: 2, work: 6 }, 0)).toBe('idle');
  });

  it('takes no account of answers to other waves, nor of the same cluster twice', () => {
    const detector = new IdleDetector(2);
    const nothing = { sent: 0, received: 0, work: 0 };
    expect(detector.answer(0, 2, nothing, 0)).toBe('waiting');
    expect(detector.answer(0, 1, nothing, 0)).toBe('waiting');
    expect(detector.answer(0, 1, nothing, 0)).toBe('waiting');
    expect(detector.answer(1, 1, nothing, 0)).toBe('again');
  });

  it('counts messages from outside as sent when they were given, not when they were taken', () => {
    const detector = new IdleDetector(1);
    expect(detector.answer(0, 1, { sent: 0, received: 0, work: 0 }, 1)).toBe('again');
    expect(detector.answer(0, 2, { sent: 0, received: 0, work: 0 }, 1)).toBe('again');
    expect(detector.answer(0, 3, { sent: 0, received: 1, work: 1 }, 1)).toBe('again');
    expect(detector.answer(0, 4, { sent: 0, received: 1, work: 1 }, 1)).toBe('idle');
  });
});
