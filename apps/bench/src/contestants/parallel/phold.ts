import { type Report, Simulation } from '@troupe/core';
import { threads } from '@troupe/transport-worker';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { SEED } from '../../phold/shape.ts';

/** A size of PHOLD on several clusters. */
export interface Size {
  readonly agents: number;
  readonly perAgent: number;
  readonly remote: number;
}

/** Simulated seconds that are compared by digest. */
const COMPARED = 1;
const PLAIN = new URL('./phold-plain.ts', import.meta.url);
const LAID_OUT = new URL('./phold-laid-out.ts', import.meta.url);

/** Events per second of PHOLD on so many worker threads. */
export async function phold(work: Work, size: Size, clusters: number, laidOut: boolean): Promise<Outcome> {
  const { lookahead } = work;
  const simulate = (digest: boolean): Simulation =>
    new Simulation(laidOut ? LAID_OUT : PLAIN, {
      clusters,
      transport: threads(),
      seed: SEED,
      digest,
      params: { ...size, lookahead, agents: work.smoke ? 64 : size.agents },
    });
  const compared = simulate(true);
  let first: Report;
  try {
    first = await compared.run({ until: COMPARED });
  } finally {
    await compared.close();
  }
  // A digest takes in bodies with a layout as the bytes that they are.
  const checks = { events: first.events, [laidOut ? 'digest with layout' : 'digest']: first.digest };
  if (work.smoke) return { value: first.events / first.wallTime, checks };
  const simulation = simulate(false);
  try {
    let time = 0;
    const value = await throughput(work, async (wanted) => {
      time += Math.max(wanted / (size.agents * size.perAgent), 2 * lookahead);
      return (await simulation.run({ until: time })).events;
    });
    return { value, checks };
  } finally {
    await simulation.close();
  }
}
