import type { Model } from '@troupe/core';
import { runSim } from '../run-sim.ts';
import type { Job, JobOutcome } from './job.ts';

/** Runs a job in this process. */
export async function runJob(job: Job): Promise<JobOutcome> {
  try {
    const url = new URL(job.model);
    const { default: model } = (await import(url.href)) as { default: Model };
    const sim = { model, url, ...(job.sumsUpCut ? { sumsUpCut: true as const } : {}) };
    const command = { seed: job.seed, params: { ...job.params }, until: job.until, speed: undefined };
    const { report, results } = await runSim(sim, command, job);
    const { reason, simTime, events, digest } = report;
    const numbers = Object.entries(results).filter(([, value]) => typeof value === 'number');
    return {
      kind: 'done',
      report: {
        reason,
        simTime,
        events,
        digest,
        results: Object.fromEntries(numbers) as Record<string, number>,
      },
    };
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
}
