import { memoryInUse } from '../../harness/memory.ts';
import type { Work } from '../../harness/suite.ts';

/** What the author of a model wrote: three fields. */
class Plain {
  balance = 100;
  visits = 0;
  isOpen = true;
}

/** Bytes that each of a million agents takes beyond an object with the same fields in an array. */
export function beyondPlain({ smoke }: Work, make: (count: number) => unknown): number {
  const count = smoke ? 1000 : 1_000_000;
  const plain = bytesOf(() => Array.from({ length: count }, () => new Plain()));
  return (bytesOf(() => make(count)) - plain) / count;
}

function bytesOf(make: () => unknown): number {
  const before = memoryInUse();
  const made = [make()];
  const bytes = memoryInUse() - before;
  made.pop();
  return bytes;
}
