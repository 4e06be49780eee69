import { execFile } from 'node:child_process';
import { join } from 'node:path';

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
export async function reportOf(...args: string[]): Promise<Record<string, never> & Report> {
  const { status, out, err } = await sim(...args, '--json');
  if (status !== 0) throw new Error(`sim ${args.join(' ')} ended with ${status}: ${err}`);
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
}

export interface Report {
  readonly reason: string;
  readonly simTime: number;
  readonly wallTime: number;
  readonly ratio: number;
  readonly events: number;
  readonly local: number;
  readonly remote: number;
  readonly barriers: number;
  readonly digest: string;
  // biome-ignore lint/suspicious/noExplicitAny: each sim has results of its own
  readonly results: any;
}
