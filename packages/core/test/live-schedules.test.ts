import { describe, expect, it } from 'vitest';
import { IdleDetector, type Standing } from '../src/live/idle-detector.ts';
import { WHEN_FULL } from '../src/live/mailbox.ts';
import { type DetectorClass, LiveWorld, type Scene } from './fixtures/live-world.ts';

/** Schedules of the long test; the mutants must be found within a tenth of them. */
const SCHEDULES = Number(process.env['LIVE_SCHEDULES'] ?? 100_000);

/** Another scene for each seed, most of them small: what goes wrong goes wrong with two or three. */
function sceneOf(seed: number): Scene {
  const pick = <T>(place: number, choices: readonly T[]): T =>
    choices[Math.floor(seed / place) % choices.length] as T;
  return {
    clusters: pick(1, [1, 2, 3]),
    agents: pick(3, [2, 3, 4]),
    whenFull: pick(9, ['wait', ...WHEN_FULL]),
    capacity: pick(45, [1, 2, 3]),
    onError: pick(135, ['restart', 'remove']),
    linkLimit: pick(270, [1, 100]),
    late: pick(540, [0, 4, 12]),
    fails: pick(1620, [0, 0, 2]),
    delays: pick(7, [0, 3]),
    broadcasts: pick(11, [0, 0, 2]),
    removes: pick(13, [0, 0, 1]),
    subscribes: pick(29, [0, 6]),
    outside: pick(17, [1, 2, 3, 4]),
    hops: pick(19, [1, 2, 3]),
    fanOut: pick(23, [1, 2]),
  };
}

/** Runs a world until nothing can happen any more. */
function settle(world: LiveWorld, eachStep: () => void = () => {}): void {
  while (world.step()) {
    eachStep();
    if (world.steps > 20_000) throw new Error('does not come to rest');
  }
}

/** Searches for idleness from the beginning to the end; answers how often it was found. */
function seek(world: LiveWorld): number {
  let found = 0;
  const begin = (): void =>
    world.seekIdle(() => {
      found += 1;
    });
  begin();
  settle(world, () => {
    if (!world.isSeeking && world.steps % 7 === 0 && world.ending.phase === 'running') begin();
  });
  return found;
}

/** What must hold when nothing can happen any more. */
function checkRest(world: LiveWorld, scene: Scene): void {
  if (world.isSeeking) throw new Error('is idle, and was never declared so');
  if (!world.isIdle) throw new Error('has come to rest with something left to do');
  const isCertain = scene.whenFull === 'wait' && scene.removes === 0 && scene.fails === 0;
  for (const serial of world.sent.keys()) {
    const times = world.received.get(serial) ?? 0;
    if (times > 1 || (isCertain && times === 0))
      throw new Error(`message ${serial} was received ${times} times`);
  }
  const arrived = world.clusters.reduce((sum, { counters }) => sum + counters.arrived, 0);
  const isPlain = scene.broadcasts === 0 && scene.subscribes === 0 && scene.whenFull !== 'error';
  if (isPlain && arrived !== world.sent.size) throw new Error(`${arrived} arrived of ${world.sent.size}`);
  const { accepted, dropped, deadLetter, refused } = world.outcomes;
  if (accepted + dropped + deadLetter + refused !== scene.outside) {
    throw new Error('the fate of a message from outside was not told');
  }
}

/** Ends the run, and checks that everything is gone. */
function checkEnd(world: LiveWorld, drain: boolean): void {
  world.stop(drain);
  settle(world);
  if (world.fatal !== undefined) return;
  if (world.completed !== 1) throw new Error(`the end was declared ${world.completed} times`);
  if (world.ending.drained !== drain) throw new Error('it says that it was drained, or was not');
  if (world.teardowns !== world.setups)
    throw new Error(`${world.setups} setups, ${world.teardowns} teardowns`);
  for (const { counters, clock, residents } of world.clusters) {
    if (drain && counters.discarded > 0) throw new Error('it was drained, and messages were discarded');
    if (clock.size > 0 || residents.size > 0) throw new Error('something is left behind');
  }
}

interface Tally {
  idle: number;
  overflows: number;
  deadlocks: number;
  restarts: number;
  cut: number;
}

function play(seed: number, tally: Tally): void {
  const scene = sceneOf(seed);
  const world = new LiveWorld(seed, scene);
  if (seed % 4 === 0) {
    // The end comes in the midst of it.
    for (let left = seed % 29; left > 0 && world.step(); left -= 1);
    if (world.fatal === undefined) checkEnd(world, seed % 8 === 0);
    tally.cut += 1;
    return;
  }
  tally.idle += seek(world);
  tally.overflows += world.overflows;
  tally.restarts += world.restarts;
  if (world.fatal !== undefined) {
    if (!world.fatal.message.includes('twice its capacity')) throw world.fatal;
    tally.deadlocks += 1;
    return;
  }
  checkRest(world, scene);
  checkEnd(world, seed % 2 === 0);
}

/** Plays schedules 1 to `count`; what goes wrong names the schedule, so that it can be played again. */
function each(count: number, run: (seed: number) => void): void {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      run(seed);
    } catch (cause) {
      throw new Error(`schedule ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
}

describe('clusters in live mode, in any order of events that their links allow,', () => {
  it(`lose, double and reorder nothing, know when they are idle, and end (${SCHEDULES} schedules)`, {
    timeout: 300_000,
  }, () => {
    const tally: Tally = { idle: 0, overflows: 0, deadlocks: 0, restarts: 0, cut: 0 };
    each(SCHEDULES, (seed) => play(seed, tally));
    // It all did happen.
    expect(tally.idle).toBeGreaterThan(SCHEDULES / 2);
    expect(tally.overflows).toBeGreaterThan(SCHEDULES / 100);
    expect(tally.restarts).toBeGreaterThan(SCHEDULES / 100);
    expect(tally.deadlocks).toBeGreaterThan(0);
  });
});

describe('the schedules find', () => {
  it('a detector of idleness that believes a single wave', () => {
    class SingleWave extends IdleDetector {
      protected override isQuiet(_first: unknown, second: ReadonlyMap<number, Standing>): boolean {
        return [...second.values()].reduce((sum, { sent, received }) => sum + sent - received, 0) === 0;
      }
    }
    expect(() => seekWith(SingleWave)).toThrow('declared idle, and never was');
  });

  it('a detector of idleness that does not count what is under way', () => {
    class NoCounts extends IdleDetector {
      protected override isQuiet(
        first: ReadonlyMap<number, Standing>,
        second: ReadonlyMap<number, Standing>,
      ): boolean {
        return [...first].every(([cluster, { work }]) => second.get(cluster)?.work === work);
      }
    }
    expect(() => seekWith(NoCounts)).toThrow('declared idle, and never was');
  });

  function seekWith(Detector: DetectorClass): void {
    each(SCHEDULES / 10, (seed) => seek(new LiveWorld(seed, sceneOf(seed), Detector)));
  }
});
