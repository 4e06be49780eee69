import type { Work } from '../../harness/suite.ts';

/** How many hear each broadcast, the sender included. */
export function listenersOf({ smoke }: Work): number {
  return smoke ? 100 : 100_000;
}
