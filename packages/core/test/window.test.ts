import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ABORT,
  type Decision,
  FAILED,
  HALTED,
  INTERRUPT,
  RECALLED,
  STANDING_CELLS,
  type Standing,
  type WindowLimits,
  WindowProtocol,
  writeStanding,
} from '../src/window.ts';

const INFINITY = Number.POSITIVE_INFINITY;
const QUIET: Standing = {
  time: INFINITY,
  round: 0,
  live: 0,
  events: 0,
  flags: 0,
  sent: 0,
  received: 0,
  paced: INFINITY,
};
const LIMITS: Omit<WindowLimits, 'nodes'> = {
  lookahead: 1,
  until: INFINITY,
  maxEvents: INFINITY,
  stopWhenIdle: true,
  span: INFINITY,
};

function decide(
  standings: Partial<Standing>[],
  limits: Partial<WindowLimits> = {},
  sentBefore = 0,
): Decision {
  const protocol = new WindowProtocol({ ...LIMITS, nodes: standings.length, ...limits }, sentBefore);
  const all = new Float64Array(standings.length * STANDING_CELLS);
  standings.forEach((standing, node) => {
    writeStanding({ ...QUIET, ...standing }, all.subarray(node * STANDING_CELLS));
  });
  return protocol.decide(all);
}

test('a window spans from the least time of all to one lookahead later', () => {
  expect(
    decide([
      { time: 7, live: 1 },
      { time: 5, live: 1 },
    ]),
  ).toEqual({ kind: 'window', bound: 6 });
});

test('whether the run is over is asked where a whole window ends, not where pacing cuts it', () => {
  const limits = { ...LIMITS, nodes: 1, maxEvents: 3, span: 0.25 };
  const ask = (protocol: WindowProtocol, standing: Partial<Standing>): Decision => {
    const all = new Float64Array(STANDING_CELLS);
    writeStanding({ ...QUIET, ...standing }, all);
    return protocol.decide(all);
  };
  const protocol = new WindowProtocol(limits);
  expect(ask(protocol, { time: 5, live: 1 })).toEqual({ kind: 'window', bound: 5.25 });
  expect(ask(protocol, { time: 5.5, live: 1, events: 4 })).toEqual({ kind: 'window', bound: 5.75 });
  expect(ask(protocol, { time: 5.9, live: 0, events: 5 })).toEqual({ kind: 'window', bound: 6 });
  expect(ask(protocol, { time: 6, live: 0, events: 5 })).toEqual({ kind: 'end', reason: 'maxEvents' });
  // A run that was interrupted within a window goes on with it.
  const next = new WindowProtocol(limits, 0, protocol.end);
  expect(ask(next, { time: 5.9, live: 0 })).toEqual({ kind: 'window', bound: 6 });
  expect(ask(next, { time: 6.5, live: 0 })).toEqual({ kind: 'end', reason: 'idle' });
});

test('a window does not reach beyond the end, nor beyond what pacing allows', () => {
  expect(decide([{ time: 5, live: 1 }], { until: 5.5 })).toEqual({ kind: 'window', bound: 5.5 });
  expect(decide([{ time: 5, live: 1 }], { span: 0.25 })).toEqual({ kind: 'window', bound: 5.25 });
});

test('without lookahead the window is the least round of the least time', () => {
  const standings = [
    { time: 5, round: 2, live: 1 },
    { time: 5, round: 1, live: 1 },
    { time: 6, live: 1 },
  ];
  expect(decide(standings, { lookahead: 0 })).toEqual({ kind: 'round', time: 5, round: 1 });
});

test('a run ends when nothing keeps it alive, wherever it might be', () => {
  expect(decide([{}, {}])).toEqual({ kind: 'end', reason: 'idle' });
  // Unref'd messages are pending, but nobody waits for them.
  expect(decide([{ time: 3 }, {}])).toEqual({ kind: 'end', reason: 'idle' });
  // A message that is on its way counts with who sent it.
  expect(decide([{}, { time: 9, live: 1 }])).toEqual({ kind: 'window', bound: 10 });
  expect(decide([{}, {}], { stopWhenIdle: false, until: 8 })).toEqual({ kind: 'end', reason: 'until' });
});

test('what is due at the end is left for the next run', () => {
  expect(decide([{ time: 8, live: 1 }], { until: 8 })).toEqual({ kind: 'end', reason: 'until' });
});

test('one that failed, halted or was told to end, ends all', () => {
  const busy = { time: 1, live: 1 };
  expect(decide([busy, { ...busy, flags: FAILED | ABORT }])).toEqual({ kind: 'end', reason: 'failed' });
  expect(decide([busy, { ...busy, flags: HALTED | ABORT }])).toEqual({ kind: 'end', reason: 'halted' });
  expect(decide([busy, { ...busy, flags: ABORT | INTERRUPT }])).toEqual({ kind: 'end', reason: 'aborted' });
  expect(decide([busy, { ...busy, flags: INTERRUPT }])).toEqual({ kind: 'end', reason: 'paused' });
  expect(
    decide(
      [
        { ...busy, events: 60 },
        { ...busy, events: 40 },
      ],
      { maxEvents: 100 },
    ),
  ).toEqual({
    kind: 'end',
    reason: 'maxEvents',
  });
});

test('what was called back is heard of by all before anyone decides', () => {
  expect(decide([{ time: 1, live: 1 }, { flags: RECALLED | FAILED }])).toEqual({ kind: 'again' });
});

test('a window is never empty, however small the lookahead is beside the time', () => {
  const decision = decide([{ time: 1e7, live: 1 }], { lookahead: 1e-12 });
  expect(decision).toEqual({ kind: 'window', bound: 1e7 + 2 ** -29 });
});

test('a run that is paced waits for the slowest clock', () => {
  const standings = [
    { time: 5, live: 1, paced: 4 },
    { time: 6, live: 1, paced: 5.5 },
  ];
  expect(decide(standings)).toEqual({ kind: 'wait', time: 5 });
  expect(decide(standings.map((standing) => ({ ...standing, paced: 5 })))).toEqual({
    kind: 'window',
    bound: 6,
  });
});

test('messages that were lost or doubled on the way are noticed at the next barrier', () => {
  expect(
    decide(
      [
        { time: 1, live: 1, received: 2 },
        { time: 1, live: 1, received: 1 },
      ],
      {},
      4,
    ),
  ).toEqual({
    kind: 'lost',
    sent: 4,
    received: 3,
  });
});

test('no window holds the time at which something sent in it is due', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e12, noNaN: true }),
      fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (time, lookahead, share) => {
        fc.pre(time + lookahead > time);
        const decision = decide([{ time, live: 1 }], { lookahead });
        if (decision.kind !== 'window') throw new Error(decision.kind);
        // Any instant of the window at which something may be sent, with the least delay.
        const sentAt = Math.min(time + lookahead * share, decision.bound);
        expect(sentAt + lookahead).toBeGreaterThanOrEqual(decision.bound);
      },
    ),
    { numRuns: 5000 },
  );
});
