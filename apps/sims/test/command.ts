import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Report } from '@troupe/core';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `npm run sim -- ...args` as a process of its own, without npm in between. */
export function sim(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--conditions=@troupe/source', MAIN, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (_error, out, err) => resolve({ status: child.exitCode, out, err }),
    );
  });
}

/** The report that a sim prints as its last line with `--json`. */
export async function reportOf(...args: string[]): Promise<Printed> {
  const { status, out, err } = await sim(...args, '--json');
  if (status !== 0) throw new Error(`sim ${args.join(' ')} ended with ${status}: ${err}`);
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
}

/** A report as it is printed. */
// biome-ignore lint/suspicious/noExplicitAny: each sim has results of its own
type Printed = Omit<Report, 'results'> & { readonly results: any };
