import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Errand } from './child.ts';
import type { Contestant, Outcome } from './suite.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/**
 * Runs a contestant once in a new process of its own.
 *
 * One process for all would not do: a call site that has met the classes of two contestants stays slower for both, what
 * one leaves on the heap is collected while the next is measured, and which function gets optimised when is a matter of
 * chance that only a new process draws again. It costs 50 ms per run.
 */
export async function isolated(errand: Errand, { execArgv = [] }: Contestant): Promise<Outcome> {
  // Ours: where packages are taken from their sources here, they are there.
  const args = [...process.execArgv, ...execArgv, CHILD, JSON.stringify(errand)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Outcome;
}
