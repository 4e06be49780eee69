import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome, Work } from '../../harness/suite.ts';

/** The sims are an app, and apps are not imported: this is their command line, as anybody has it. */
const SIMS = resolve(import.meta.dirname, '../../../../sims/src/main.ts');

/** Simulated seconds of a smoke test: an hour. */
const SMOKE = 3600;

/** Events per second of the airline sim on so many worker threads. */
export async function airline({ smoke }: Work, clusters: number): Promise<Outcome> {
  const args = ['airline', '--json', '--transport', 'threads', '--clusters', String(clusters)];
  if (smoke) args.push('--until', String(SMOKE));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, SIMS, ...args], {
    maxBuffer: 1 << 28,
  });
  const { events, wallTime, digest } = JSON.parse(stdout) as {
    events: number;
    wallTime: number;
    digest: string;
  };
  return { value: events / wallTime, checks: { events, digest } };
}
