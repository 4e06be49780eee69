import { type Report, Simulation, type SimulationOptions } from '@troupe/core';
import { expect, test } from 'vitest';
import phold from './fixtures/phold.ts';
import watchmen from './fixtures/watchmen.ts';

// That random models have one course however they are divided is shown in differential.test.ts.

/** Uses a simulation of PHOLD and closes it. */
async function using<T>(options: SimulationOptions, use: (simulation: Simulation) => Promise<T>): Promise<T> {
  const simulation = new Simulation(phold as never, options);
  try {
    return await use(simulation);
  } finally {
    await simulation.close();
  }
}

const run = (options: SimulationOptions, until: number): Promise<Report> =>
  using(options, (simulation) => simulation.run({ until }));

test('another seed is another course', async () => {
  const [one, two] = [await run({ seed: 1 }, 5), await run({ seed: 2 }, 5)];
  expect(one.digest).not.toBe(two.digest);
});

test('several runs in a row are one run', async () => {
  const whole = await run({ seed: 5, clusters: 2 }, 10);
  await using({ seed: 5, clusters: 3 }, async (simulation) => {
    let report = await simulation.run({ until: 3 });
    let events = report.events;
    for (const until of [3.5, 7, 7, 10]) {
      report = await simulation.run({ until });
      events += report.events;
    }
    expect(report.digest).toBe(whole.digest);
    expect(events).toBe(whole.events);
  });
});

test('a run of single steps is a run', async () => {
  const options = { seed: 11, clusters: 2, params: { agents: 5, lookahead: 0 } };
  const whole = await run(options, 3);
  await using(options, async (simulation) => {
    let report = await simulation.step({ until: 3 });
    let steps = 1;
    while (report.reason === 'paused') {
      expect(report.barriers).toBe(1);
      report = await simulation.step({ until: 3 });
      steps += 1;
    }
    expect(report.digest).toBe(whole.digest);
    expect(steps).toBeGreaterThan(10);
  });
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
