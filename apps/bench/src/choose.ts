import { type Options, UsageError } from './command-line.ts';
import { external } from './harness/external.ts';
import type { Case, Contestant, Suite } from './harness/suite.ts';

/** A case that was asked for, with those of its contestants that can run here. */
export interface Chosen {
  readonly suite: string;
  readonly entry: Case;
}

/**
 * The cases that were asked for, with contestants from outside, without those that cannot run here.
 *
 * @param complain told about each of these
 * @throws {UsageError} where there is no such suite or case, or where it is none for an external contestant
 */
export function choose(
  suites: readonly Suite[],
  options: Pick<Options, 'suite' | 'only' | 'external'>,
  complain: (line: string) => void,
): Chosen[] {
  const { suite, only, external: guests } = options;
  const named = suites.filter(({ name }) => suite === undefined || name === suite);
  const chosen = named.flatMap(({ name, cases }) =>
    cases
      .filter((entry) => only === undefined || entry.name === only)
      .map((entry) => ({ suite: name, entry })),
  );
  if (chosen.length === 0) {
    const what = named.length === 0 ? `suite ${JSON.stringify(suite)}` : `case ${JSON.stringify(only)}`;
    throw new UsageError(`there is no ${what}: npm run bench lists them`);
  }
  return chosen.map((one) => {
    for (const { name } of guests) checkGuest(name, one.entry);
    const able = one.entry.contestants.filter((contestant) => isAble(one, contestant, complain));
    const contestants = [...able, ...guests.map(({ name, command }) => external(name, command))];
    return { ...one, entry: { ...one.entry, contestants } };
  });
}

function isAble({ suite, entry }: Chosen, { name, unable }: Contestant, complain: (line: string) => void) {
  const why = unable?.();
  if (why !== undefined) complain(`NOT MEASURED: ${suite} ${entry.name} ${name}: ${why}`);
  return why === undefined;
}

/** What an external contestant tells must be what the case measures. */
function checkGuest(name: string, { name: where, unit, contestants }: Case): void {
  if (unit !== 'events/s') {
    throw new UsageError(`--external ${name}: case ${where} is in ${unit}; choose one in events/s by --case`);
  }
  if (contestants.some((contestant) => contestant.name === name)) {
    throw new UsageError(`--external ${name}: case ${where} has a contestant of that name; choose another`);
  }
}
