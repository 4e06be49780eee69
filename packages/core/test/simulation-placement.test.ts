import {
  type EventRecord,
  type LogEntry,
  type Report,
  Simulation,
  type SimulationOptions,
} from '@troupe/core';
import { inProcess } from '@troupe/transport';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import society from './fixtures/society.ts';
import watchmen from './fixtures/watchmen.ts';

interface Course {
  readonly report: Report;
  readonly events: readonly EventRecord[];
  readonly logs: readonly LogEntry[];
}

async function course(options: SimulationOptions, until = 40, pauses = false): Promise<Course> {
  const simulation = new Simulation(society as never, { eventLog: true, logLevel: 'info', ...options });
  const events: EventRecord[] = [];
  const logs: LogEntry[] = [];
  simulation.on('log', (entry) => logs.push(entry));
  const reading = (async () => {
    for await (const event of simulation.eventLog()) events.push(event);
  })();
  if (pauses) {
    simulation.on('paused', () => setImmediate(() => simulation.resume()));
    simulation.on('log', () => simulation.pause());
  }
  try {
    const report = await simulation.run({ until });
    return { report, events, logs };
  } finally {
    await simulation.close();
    await reading;
  }
}

/** What must not depend on where agents are; wall time and how messages divide may. */
function essence({ report, events, logs }: Course): unknown {
  const { reason, simTime, events: count, local, remote, deadLetters, failures, digest, results } = report;
  return {
    reason,
    simTime,
    count,
    deadLetters,
    failures,
    digest,
    results,
    events,
    logs,
    sent: local + remote > 0,
  };
}

const lookaheads = fc.constantFrom(0, 0.25, 0.5, 1);

test('random societies have the same course in 1, 2, 3 and 7 clusters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer({ min: 0, max: 1e6 }),
        agents: fc.integer({ min: 1, max: 16 }),
        lookahead: lookaheads,
      }),
      async ({ seed, agents, lookahead }) => {
        const params = { agents, lookahead };
        const alone = essence(await course({ seed, params }));
        for (const clusters of [2, 3, 7]) {
          expect(essence(await course({ seed, params, clusters }))).toEqual(alone);
        }
      },
    ),
    { numRuns: 100, seed: 77 },
  );
}, 120_000);

test('pauses and small links do not show in a result', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), lookaheads, async (seed, lookahead) => {
      const params = { lookahead };
      const alone = await course({ seed, params });
      const disturbed = await course(
        { seed, params, clusters: 3, transport: inProcess({ capacity: 1024, slice: 0 }) },
        40,
        true,
      );
      expect(essence(disturbed)).toEqual(essence(alone));
    }),
    { numRuns: 15, seed: 20260102 },
  );
}, 120_000);

test('strict mode changes nothing in a model that is sound', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const params = { lookahead: 0.5 };
    expect(essence(await course({ seed, params, strict: true }))).toEqual(
      essence(await course({ seed, params })),
    );
  }
});

test('another seed is another course', async () => {
  const one = await course({ seed: 1 });
  const two = await course({ seed: 2 });
  expect(one.report.digest).not.toBe(two.report.digest);
});

test('several runs in a row are one run', async () => {
  const whole = await course({ seed: 5, clusters: 2 }, 30);
  const simulation = new Simulation(society as never, { seed: 5, clusters: 3 });
  try {
    let report = await simulation.run({ until: 3 });
    let events = report.events;
    for (const until of [3.5, 7, 7, 30]) {
      report = await simulation.run({ until });
      events += report.events;
    }
    expect(report.digest).toBe(whole.report.digest);
    expect(events).toBe(whole.report.events);
  } finally {
    await simulation.close();
  }
});

test('the event log is in order of time, round and receiver, and has every delivery', async () => {
  const { report, events } = await course({ seed: 9, clusters: 3, params: { lookahead: 0.5 } });
  expect(events).toHaveLength(report.events);
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before === undefined) continue;
    expect(before.time < event.time || (before.time === event.time && before.round <= event.round)).toBe(
      true,
    );
  }
});

test('a run of single steps is a run', async () => {
  const whole = await course({ seed: 11, clusters: 2, params: { agents: 5 } }, 10);
  const simulation = new Simulation(society as never, { seed: 11, clusters: 2, params: { agents: 5 } });
  try {
    let report = await simulation.step({ until: 10 });
    let steps = 1;
    while (report.reason === 'paused') {
      expect(report.barriers).toBe(1);
      report = await simulation.step({ until: 10 });
      steps += 1;
    }
    expect(report.digest).toBe(whole.report.digest);
    expect(steps).toBeGreaterThan(10);
  } finally {
    await simulation.close();
  }
});

test('a limit on events ends a run at the same point in every placement', async () => {
  for (const lookahead of [0, 0.5]) {
    const digests = new Set<string>();
    for (const clusters of [1, 2, 5]) {
      const simulation = new Simulation(society as never, { seed: 3, clusters, params: { lookahead } });
      try {
        const report = await simulation.run({ maxEvents: 100 });
        expect(report.reason).toBe('maxEvents');
        digests.add(`${report.digest} ${report.events}`);
      } finally {
        await simulation.close();
      }
    }
    expect(digests.size).toBe(1);
  }
});

test('who is always awake sees every round, wherever it takes place', async () => {
  const seen: unknown[] = [];
  for (const clusters of [1, 2, 3]) {
    const simulation = new Simulation(watchmen as never, { clusters });
    try {
      const { results, digest, reason } = await simulation.run();
      expect(reason).toBe('idle');
      seen.push({ results, digest });
    } finally {
      await simulation.close();
    }
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
  const { results } = seen[0] as { results: Record<string, Record<string, string>> };
  expect(results['seen']?.['watchman 2']?.split(' ')).toHaveLength(20);
  expect(results['seen']?.['watchman 1']).toMatch(/0:0 .*:2/);
});
