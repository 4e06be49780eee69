import { once } from 'node:events';
import { Agent, defineModel, Simulation } from '@troupe/core';
import { expect, it } from 'vitest';

/** Logs at once, and then again in many hours. */
class Clock extends Agent<{ tick: undefined }> {
  override setup(): void {
    this.setAlarm(0.01, 'tick');
  }

  override receive(): void {
    this.log('info', 'tick');
    this.setAlarm(100_000, 'tick');
  }
}

const clocks = defineModel({
  name: 'clocks',
  agents: [Clock],
  lookahead: 0.01,
  populate: ({ add }) => {
    for (const id of [0, 1]) add(Clock, { id });
  },
});

it.each([1, 2])('what agents log comes while a paced run waits; %d clusters', async (clusters) => {
  await using simulation = new Simulation(clocks, { clusters, logLevel: 'info' });
  const abort = new AbortController();
  const heard = once(simulation, 'log');
  const running = simulation.run({ speed: 1, signal: abort.signal });
  expect((await heard)[0]).toMatchObject({ time: 0.01, text: 'tick' });
  abort.abort();
  expect((await running).reason).toBe('aborted');
});
