import type { Work } from '../../harness/suite.ts';

export function ringSize({ smoke }: Work): number {
  return smoke ? 100 : 100_000;
}
