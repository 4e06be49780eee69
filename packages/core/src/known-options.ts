import { SimulationError, show } from './errors.ts';

/** The names of all options of a kind: a new one that is left out here does not compile. */
export type KnownOptions<T> = { readonly [K in keyof T]-?: true };

/**
 * Refuses options that do not exist, which would otherwise do nothing in silence.
 *
 * @throws {SimulationError} `ERR_TROUPE_OPTION`, naming the option and those that there are
 */
export function refuseUnknown<T extends object>(options: T, known: KnownOptions<T>, what: string): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `${what} has no option ${show(name)}; it has ${Object.keys(known).join(', ')}`,
      { value: name },
    );
  }
}
