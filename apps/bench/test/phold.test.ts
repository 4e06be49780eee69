import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handWritten } from '../src/contestants/phold/hand-written.ts';
import { heapOfObjects } from '../src/contestants/phold/heap-of-objects.ts';
import { jsSimulator } from '../src/contestants/phold/js-simulator.ts';
import { simjs } from '../src/contestants/phold/simjs.ts';
import { troupe } from '../src/contestants/phold/troupe.ts';
import type { Phold, Shape } from '../src/phold/shape.ts';

const SHAPE = fc.record<Shape>({
  agents: fc.integer({ min: 1, max: 60 }),
  perAgent: fc.integer({ min: 1, max: 20 }),
  remote: fc.double({ min: 0, max: 1, noNaN: true }),
  lookahead: fc.double({ min: 0.001, max: 0.99, noNaN: true }),
  delays: fc.constantFrom('exponential', 'constant', 'ticks'),
});

/**
 * Events up to each of some times, and where all streams stand at the end: beyond what a calendar reaches ahead, so that
 * it has turned more than once.
 */
function course(phold: Phold, times = [0.5, 1.25, 3.5, 20.5]): readonly number[] {
  const events = times.map((until) => phold.advance(until));
  return [...events, ...phold.words()];
}

test('the hand-written loop does the same events as agents do, for any shape', () => {
  fc.assert(
    fc.property(SHAPE, (shape) => {
      // Among them ticks: what is due then is left for later.
      const times = [0.5, 2, 3.25, 20];
      expect(course(handWritten(shape), times)).toEqual(course(troupe(shape, true), times));
    }),
    { numRuns: 40 },
  );
});

test.each(['exponential', 'constant', 'ticks'] as const)(
  'all do the same events, delays %s',
  async (delays) => {
    const shape: Shape = { agents: 50, perAgent: 3, remote: 0.3, lookahead: 0.1, delays };
    const course0 = course(troupe(shape, false));
    expect(course(troupe(shape, true))).toEqual(course0);
    expect(course(heapOfObjects(shape))).toEqual(course0);
    expect(course(handWritten(shape))).toEqual(course0);
    expect(course(await simjs(shape))).toEqual(course0);
    // It takes events of one time in an order of chance.
    if (delays === 'exponential') expect(course(jsSimulator(shape))).toEqual(course0);
  },
);
