import type { Case, Contestant, Outcome, Result } from './suite.ts';

/** Runs the contestants of a case in turn, `runs` times, so that whatever else the machine does meets all alike. */
export async function inTurn(
  contestants: readonly Contestant[],
  runs: number,
  run: (contestant: Contestant) => Promise<Outcome>,
): Promise<Outcome[][]> {
  const outcomes = contestants.map((): Outcome[] => []);
  for (let turn = 0; turn < runs; turn += 1) {
    for (const [index, contestant] of contestants.entries()) outcomes[index]?.push(await run(contestant));
  }
  return outcomes;
}

/** Contestants must have done the same: one that does less is no contestant. */
function agree({ name: where }: Case, outcomes: readonly (readonly [string, readonly Outcome[]])[]): void {
  const known = new Map<string, { readonly by: string; readonly value: string | number }>();
  for (const [name, runs] of outcomes) {
    for (const [check, value] of runs.flatMap(({ checks = {} }) => Object.entries(checks))) {
      const first = known.get(check);
      if (first === undefined) {
        known.set(check, { by: name, value });
      } else if (first.value !== value) {
        throw new Error(
          `${where}: ${name} did not do what ${first.by} did: ${check} is ${value}, not ${first.value}`,
        );
      }
    }
  }
}

/**
 * The medians of a case, of the runs of each of its contestants by name.
 *
 * @throws where contestants that tell what they did have not done the same
 */
export function resultsOf(
  suite: string,
  entry: Case,
  outcomes: readonly (readonly [string, readonly Outcome[]])[],
): Result[] {
  agree(entry, outcomes);
  const results: Result[] = [];
  for (const [contestant, all] of outcomes) {
    const runs = all.map(({ value }) => value);
    results.push({ suite, case: entry.name, contestant, value: median(runs), unit: entry.unit, runs });
  }
  for (const [key, { unit }] of Object.entries(entry.also ?? {})) {
    for (const [contestant, all] of outcomes) {
      const runs = all.flatMap(({ also }) => also?.[key] ?? []);
      if (runs.length === 0) continue;
      results.push({ suite, case: `${entry.name}-${key}`, contestant, value: median(runs), unit, runs });
    }
  }
  return results;
}

/** The middle one of `values`, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
