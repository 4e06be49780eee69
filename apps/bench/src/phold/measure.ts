import type { Outcome, Work } from '../harness/suite.ts';
import { throughput } from '../harness/throughput.ts';
import type { Phold, Shape } from './shape.ts';

/** Events, about, of the stretch that all contestants run and whose outcome is compared. */
const COMPARED = 100_000;

/**
 * Runs a contestant of PHOLD: first a stretch of simulated time that is the same for all, then for speed.
 *
 * @param memory where it is given, the growth in bytes while it runs for speed is told too
 */
export async function measurePhold(
  shape: Shape,
  work: Work,
  phold: Phold,
  memory?: () => number,
): Promise<Outcome> {
  const pending = shape.agents * shape.perAgent;
  const compared = (work.smoke ? 1000 : COMPARED) / pending;
  // No event is due before the least delay. Half way between two ticks where there are ticks.
  let time = shape.delays === 'exponential' ? 2 * shape.lookahead + compared : 1.5 + Math.round(compared);
  const events = phold.advance(time);
  const checks = { events, streams: fold(phold.words()) };
  const advance = (wanted: number): number => {
    // Whole ticks where there are ticks, and not so little that it cuts windows short where there is lookahead.
    const step = wanted / pending;
    time += shape.delays === 'exponential' ? Math.max(step, 2 * shape.lookahead) : Math.ceil(step);
    return phold.advance(time);
  };
  if (memory === undefined) return { value: await throughput(work, advance), checks };
  // Queues and heap take their size first.
  await throughput({ ...work, seconds: 0 }, advance);
  const before = memory();
  const value = await throughput(work, advance);
  return { value, checks, also: { growth: memory() - before } };
}

function fold(words: Iterable<number>): string {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return (hash >>> 0).toString(16);
}
