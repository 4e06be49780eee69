import type { Model } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, type Sim } from '../src/catalogue.ts';
import { runSim } from '../src/run-sim.ts';
import { runModel } from './run-model.ts';

/** Small runs of the sims, which must not show where their agents are: the first of each on threads too. */
const RUNS: readonly (readonly [name: string, params: Record<string, unknown>])[] = [
  ['auction', { sellers: 5, buyers: 7 }],
  ['auction', { sellers: 6, buyers: 4, starts: 'sellers' }],
  ['fission', { atoms: 200, source: 5 }],
  ['gossip', { agents: 500, rumours: 3 }],
  ['gossip', { agents: 200, links: 1, delay: 0.5, lookahead: 0.5 }],
  ['market', { traders: 12, makers: 4, day: 20 }],
  ['phold', { agents: 50, events: 4, end: 20, remote: 0.5 }],
  ['phold', { agents: 50, events: 4, end: 20, remote: 0.5, delay: 'constant' }],
  ['phold', { agents: 50, events: 4, end: 20, remote: 0.5, delay: 'ticks' }],
  ['phold', { agents: 5, events: 2, end: 3, lookahead: 0 }],
  ['scheduling', { jobs: 20 }],
];

const HERE = [
  { clusters: 2, transport: 'in-process' },
  { clusters: 3, transport: 'in-process' },
] as const;
const ON_THREADS = [
  { clusters: 1, transport: 'threads' },
  { clusters: 2, transport: 'threads' },
  { clusters: 3, transport: 'threads' },
] as const;

describe('a sim has the same course wherever its agents are', () => {
  test.each(RUNS)('%s %j', async (name, params) => {
    const isFirst = RUNS.find(([known]) => known === name)?.[1] === params;
    const sim = CATALOGUE[name] as Sim;
    const alone = runModel(sim.model as Model, params, 5);
    expect(alone.report.events).toBeGreaterThan(10);
    for (const place of [...HERE, ...(isFirst ? ON_THREADS : [])]) {
      const command = { seed: 5, params, until: undefined, speed: undefined };
      const { report, results } = await runSim(sim, command, place);
      expect(report).toMatchObject({
        digest: alone.report.digest,
        events: alone.report.events,
        reason: alone.report.reason,
        simTime: alone.report.simTime,
      });
      expect(results).toEqual(alone.results);
      if (place.clusters > 1) expect(report.remote).toBeGreaterThan(0);
    }
  });

  test.each(RUNS)('%s %j takes another course for another seed', (name, params) => {
    const { model } = CATALOGUE[name] as Sim;
    expect(runModel(model, params, 1).report.digest).not.toBe(runModel(model, params, 2).report.digest);
  });
});

describe('a sim is described in lines', () => {
  test.each(Object.entries(CATALOGUE).filter(([name]) => RUNS.some(([known]) => known === name)))(
    '%s',
    (_name, { describe: lines, model }) => {
      const { report, results } = runModel(model, {
        ...(model.name === 'gossip' || model.name === 'phold' ? { agents: 50 } : {}),
      });
      for (const line of lines(results, report)) {
        expect(line).toMatch(/^[a-z ]{10}\S/);
        expect(line).not.toMatch(/undefined|NaN|\[object/);
      }
    },
  );
});
