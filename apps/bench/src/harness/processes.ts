import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Errand } from './child.ts';
import type { Contestant, Outcome } from './suite.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** A contestant and what it is asked for. */
export interface Entrant {
  readonly errand: Errand;
  readonly contestant: Contestant;
}

/**
 * Runs a contestant once in a new process of its own.
 *
 * One process for all would not do: a call site that has met the classes of two contestants stays slower for both, what
 * one leaves on the heap is collected while the next is measured, and which function gets optimised when is a matter of
 * chance that only a new process draws again. It costs 50 ms per run.
 */
export async function isolated(entrant: Entrant): Promise<Outcome> {
  const [outcome] = await inOneProcess([entrant]);
  return outcome as Outcome;
}

/** Runs many contestants where figures do not matter, in as few processes as will do; answers in the same order. */
export async function together(entrants: readonly Entrant[]): Promise<Outcome[]> {
  const groups = new Map<string, Entrant[]>();
  for (const entrant of entrants) {
    const { contestant, errand } = entrant;
    const kind = contestant.hasOwnProcess ? errand.contestant : commandFor(contestant).join(' ');
    const key = `${errand.suite} ${kind}`;
    groups.set(key, [...(groups.get(key) ?? []), entrant]);
  }
  const outcomes = new Map<Entrant, Outcome>();
  await Promise.all(
    [...groups.values()].map(async (group) => {
      const own = await inOneProcess(group);
      for (const [index, entrant] of group.entries()) outcomes.set(entrant, own[index] as Outcome);
    }),
  );
  return entrants.map((entrant) => outcomes.get(entrant) as Outcome);
}

async function inOneProcess(entrants: readonly Entrant[]): Promise<Outcome[]> {
  const [first] = entrants;
  if (first === undefined) return [];
  const { contestant } = first;
  if (contestant.hasOwnProcess) {
    return Promise.all(entrants.map(async ({ errand }) => contestant.run(errand.work)));
  }
  const [file, ...args] = [...commandFor(contestant), CHILD];
  const running = promisify(execFile)(file as string, args, { maxBuffer: 1 << 26 });
  running.child.stdin?.end(JSON.stringify(entrants.map(({ errand }) => errand)));
  const { stdout } = await running;
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);
}

function commandFor({ prefix, execArgv = [] }: Contestant): string[] {
  // Our own options too: where packages are taken from their sources here, they are there.
  return [...(prefix?.() ?? []), process.execPath, ...process.execArgv, ...execArgv];
}
