import type { EventRecord, Model } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { schedulerOf } from '../src/model-scheduler.ts';
import phold from '../src/phold.ts';
import { runModel } from './run-model.ts';

const load = { agents: 100, events: 4, end: 40 };

describe('phold', () => {
  test('keeps its delays at their mean, however they are distributed', () => {
    for (const delay of ['exponential', 'constant', 'ticks']) {
      for (const mean of [0.5, 2]) {
        const { report, results } = runModel(phold, { ...load, delay, mean });
        expect(report.reason).toBe('idle');
        expect(report.simTime).toBeLessThan(load.end);
        expect(results['meanDelay']).toBeGreaterThan(mean * 0.97);
        expect(results['meanDelay']).toBeLessThan(mean * 1.07);
      }
    }
  });

  test('hops at whole seconds with constant delays of one, and at whole ticks with ticks', () => {
    const { report } = runModel(phold, { ...load, delay: 'constant' });
    expect(report).toMatchObject({ events: 400 * 39, simTime: 39 });
    const { report: ticks } = runModel(phold, { ...load, delay: 'ticks', tick: 0.25, lookahead: 0.3 });
    expect(Number.isInteger(ticks.simTime * 4)).toBe(true);
    expect(runModel(phold, { ...load, delay: 'ticks', tick: 1 }).report.simTime).toBe(39);
  });

  test('sends the share of its messages to anyone that it was told', () => {
    for (const remote of [0, 0.25, 1]) {
      let toOthers = 0;
      const onEvent = ({ from, to }: EventRecord): void => {
        if (from !== to) toOthers += 1;
      };
      const { events } = schedulerOf(phold as unknown as Model, { ...load, remote }, { onEvent }).run();
      // Of what goes to anyone, a hundredth comes to its sender.
      expect(Math.abs(toOthers / events - remote * 0.99)).toBeLessThan(0.01);
    }
  });

  test('refuses a lookahead or a tick that the mean delay cannot have', () => {
    expect(() => runModel(phold, { lookahead: 2 })).toThrow('lookahead is 2: give at most the mean delay');
    expect(() => runModel(phold, { delay: 'ticks', tick: 2 })).toThrow('tick is 2: 1 of it are more');
  });
});
