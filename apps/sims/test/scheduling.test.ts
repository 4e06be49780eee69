import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import scheduling, { jobsOf, makespan, type Times } from '../src/scheduling.ts';
import { runModel } from './run-model.ts';

/** The least makespan of all orders. */
function leastMakespan(jobs: readonly Times[], before: readonly Times[] = []): number {
  if (jobs.length === 0) return makespan(before);
  return Math.min(...jobs.map((job, index) => leastMakespan(jobs.toSpliced(index, 1), [...before, job])));
}

/** Johnson's rule as it is taught: the least time of all says who goes first or last, again and again. */
function byTheRule(jobs: readonly Times[]): number[] {
  const left = new Set(jobs.keys());
  const head: number[] = [];
  const tail: number[] = [];
  while (left.size > 0) {
    const timesOf = (index: number): Times => jobs[index] as Times;
    const least = Math.min(
      ...[...left].map((index) => Math.min(timesOf(index).first, timesOf(index).second)),
    );
    // Ties as in the sim: to the front by number, to the back from the highest number down.
    const early = [...left].find(
      (index) => timesOf(index).first === least && timesOf(index).first < timesOf(index).second,
    );
    const late = [...left].findLast((index) => timesOf(index).second === least);
    const chosen = (early ?? late) as number;
    if (early !== undefined) head.push(chosen + 1);
    else tail.unshift(chosen + 1);
    left.delete(chosen);
  }
  return [...head, ...tail];
}

const seeds = fc.integer({ min: 0, max: 1e6 });
// Few different times make many ties.
const longest = fc.constantFrom(1, 2, 3, 10, 100);

describe('the jobs', () => {
  test('agree on the order of Johnson’s rule', () => {
    fc.assert(
      fc.property(fc.record({ jobs: fc.integer({ min: 1, max: 15 }), longest }), seeds, (params, seed) => {
        const { report, results } = runModel(scheduling, params, seed);
        expect(report.reason).toBe('stopped');
        expect(results['order']).toEqual(byTheRule(jobsOf(params, seed)));
      }),
      { numRuns: 100 },
    );
  });

  test('are made in the least time that any order takes, as brute force finds it', () => {
    fc.assert(
      fc.property(fc.record({ jobs: fc.integer({ min: 1, max: 6 }), longest }), seeds, (params, seed) => {
        const { report, results } = runModel(scheduling, params, seed);
        const least = leastMakespan(jobsOf(params, seed));
        expect(results['makespan']).toBe(least);
        expect(report.simTime).toBe(least);
      }),
      { numRuns: 100 },
    );
  });

  test('take the time that a known example takes', () => {
    // S. French, Sequencing and Scheduling (1982), example 5.2.
    const jobs = [
      [6, 3],
      [2, 9],
      [4, 3],
      [1, 8],
      [7, 1],
      [4, 5],
      [7, 6],
    ].map(([first = 0, second = 0]) => ({ first, second }));
    expect(makespan(byTheRule(jobs).map((number) => jobs[number - 1] as Times))).toBe(36);
    expect(leastMakespan(jobs)).toBe(36);
  });
});
