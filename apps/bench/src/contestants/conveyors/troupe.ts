import { Simulation } from '@troupe/core';
import { inProcess, type Transport } from '@troupe/transport';
import { threads } from '@troupe/transport-worker';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { TRIP } from './model.ts';

/** Where the two clusters run. */
export type Place = 'threads' | 'in-process';

const MODEL = new URL('./model.ts', import.meta.url);

function transportOf(place: Place): Transport {
  return place === 'threads' ? threads() : inProcess();
}

/**
 * One unit, in a process that has not run anything yet. The clock runs from before the threads are started until the
 * report is there: what the predecessor measured as 99.25 (`_start` to `_stop`).
 */
export async function cold(place: Place): Promise<Outcome> {
  const start = performance.now();
  const simulation = new Simulation(MODEL, { clusters: 2, transport: transportOf(place) });
  try {
    const { simTime, reason } = await simulation.run();
    const seconds = (performance.now() - start) / 1000;
    if (reason !== 'stopped' || simTime !== TRIP) throw new Error(`the run ended ${reason} at ${simTime}`);
    return { value: simTime / seconds };
  } finally {
    await simulation.close();
  }
}

/** Unit after unit on each line, until the code is warm, and on from there. */
export async function warm(work: Work, place: Place, lines: number): Promise<Outcome> {
  const simulation = new Simulation(MODEL, {
    clusters: 2,
    transport: transportOf(place),
    params: { lines: work.smoke ? Math.min(lines, 10) : lines, again: true },
  });
  try {
    let time = 0;
    const value = await throughput(work, async (seconds) => {
      const from = time;
      time = from + Math.ceil(seconds / TRIP) * TRIP;
      const { simTime, reason } = await simulation.run({ until: time });
      if (reason !== 'until') throw new Error(`the run ended ${reason} at ${simTime}`);
      return time - from;
    });
    return { value };
  } finally {
    await simulation.close();
  }
}
