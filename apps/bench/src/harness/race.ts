import type { Case, Contestant, Outcome, Result, Work } from './suite.ts';

/** Runs a contestant of a case once. */
type Runner = (entry: Case, contestant: Contestant, work: Work) => Promise<Outcome>;

/** How a race is run. */
export interface Race {
  readonly runs: number;
  readonly work: Work;
  /** How many contestants run at the same time: 1, wherever figures matter. */
  readonly abreast: number;
  readonly runner: Runner;
  /** Told about contestants that cannot run here. */
  readonly onSkip: (entry: Case, contestant: Contestant, why: string) => void;
}

/**
 * Runs the contestants of a case in turn, `runs` times, so that whatever else the machine does meets all alike; answers
 * the medians.
 */
export async function race(suite: string, entry: Case, options: Race): Promise<Result[]> {
  const { runs, work, abreast, runner, onSkip } = options;
  const able = entry.contestants.filter((contestant) => {
    const why = contestant.unable?.();
    if (why !== undefined) onSkip(entry, contestant, why);
    return why === undefined;
  });
  const outcomes = new Map(able.map((contestant): [Contestant, Outcome[]] => [contestant, []]));
  const turns = Array.from({ length: runs }, () => able).flat();
  while (turns.length > 0) {
    await Promise.all(
      turns.splice(0, abreast).map(async (contestant) => {
        outcomes.get(contestant)?.push(await runner(entry, contestant, work));
      }),
    );
  }
  agree(entry, outcomes);
  return resultsOf(suite, entry, outcomes);
}

/** Those who say what they did must have done the same: a contestant that does less is no contestant. */
function agree(entry: Case, outcomes: ReadonlyMap<Contestant, readonly Outcome[]>): void {
  let first: { readonly name: string; readonly checksum: string } | undefined;
  for (const [{ name }, runs] of outcomes) {
    for (const { checksum } of runs) {
      if (checksum === undefined) continue;
      first ??= { name, checksum };
      if (checksum !== first.checksum) {
        throw new Error(
          `${entry.name}: ${name} did not do what ${first.name} did: ${checksum} instead of ${first.checksum}`,
        );
      }
    }
  }
}

function resultsOf(
  suite: string,
  entry: Case,
  outcomes: ReadonlyMap<Contestant, readonly Outcome[]>,
): Result[] {
  const results: Result[] = [];
  for (const [{ name: contestant }, all] of outcomes) {
    const runs = all.map(({ value }) => value);
    results.push({ suite, case: entry.name, contestant, value: median(runs), unit: entry.unit, runs });
  }
  for (const [key, { unit }] of Object.entries(entry.also ?? {})) {
    for (const [{ name: contestant }, all] of outcomes) {
      const runs = all.flatMap(({ also }) => also?.[key] ?? []);
      if (runs.length === 0) continue;
      results.push({ suite, case: `${entry.name}-${key}`, contestant, value: median(runs), unit, runs });
    }
  }
  return results;
}

/** The middle one of `values`, or the mean of the middle two. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
