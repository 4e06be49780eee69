import type { Work } from '../../harness/suite.ts';

/** How many alarms are pending at a time. */
export function alarmsOf({ smoke }: Work): number {
  return smoke ? 100 : 20_000;
}
