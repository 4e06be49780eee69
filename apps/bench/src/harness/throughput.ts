import type { Work } from './suite.ts';

/** Seconds that a contestant runs before it is measured. */
const WARM_UP = 0.25;
/** Seconds between two looks at the clock. */
const SLICE = 0.1;
/** Seconds that a clock can tell apart, with room to spare. */
const RESOLUTION = 1e-6;

/**
 * Events per second of `run`, which does about so many events as it is told and answers how many it did. Runs until it
 * is warm, then for `work.seconds`.
 *
 * @param clock answers seconds; default: what `work.clock` says
 */
export async function throughput(
  work: Work,
  run: (events: number) => number | Promise<number>,
  clock: () => number = work.clock === 'cpu' ? cpuTime : wallTime,
): Promise<number> {
  let wanted = 1000;
  const timed = async (): Promise<{ events: number; seconds: number }> => {
    const start = clock();
    const events = await run(wanted);
    return { events, seconds: clock() - start };
  };
  for (let warm = 0; warm < (work.smoke ? 0 : WARM_UP); ) {
    const { events, seconds } = await timed();
    warm += seconds;
    wanted = Math.ceil(Math.min((events / Math.max(seconds, RESOLUTION)) * SLICE, wanted * 10));
  }
  let events = 0;
  let seconds = 0;
  do {
    const slice = await timed();
    events += slice.events;
    seconds += slice.seconds;
  } while (seconds < work.seconds);
  return events / Math.max(seconds, RESOLUTION);
}

function wallTime(): number {
  return performance.now() / 1000;
}

/** Of all threads of the process: what V8 does beside the main thread is not free. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
