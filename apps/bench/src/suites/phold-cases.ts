import { EXPOSE_GC, memoryInUse } from '../harness/memory.ts';
import type { Case, Contestant } from '../harness/suite.ts';
import { measurePhold } from '../phold/measure.ts';
import type { Delays, Phold, Shape } from '../phold/shape.ts';

const EVENTS = { unit: 'events/s', better: 'more' } as const;
/** Share of hops to an agent drawn from all. */
const REMOTE = 0.1;

type Maker = (shape: Shape) => Promise<Phold>;

/**
 * Contestants of PHOLD by name; each imports what it needs when it runs.
 *
 * Of what npm has for discrete events and agents, two packages can run it. Others cannot: simscript looks through all
 * pending events for each (quadratic) and waits for `requestAnimationFrame`; agentscript steps all agents by ticks and
 * is under the GPL.
 */
const PHOLD = {
  troupe: async (shape) => (await import('../contestants/phold/troupe.ts')).troupe(shape, false),
  'troupe-layout': async (shape) => (await import('../contestants/phold/troupe.ts')).troupe(shape, true),
  simjs: async (shape) => (await import('../contestants/phold/simjs.ts')).simjs(shape),
  'js-simulator': async (shape) => (await import('../contestants/phold/js-simulator.ts')).jsSimulator(shape),
  'heap-of-objects': async (shape) =>
    (await import('../contestants/phold/heap-of-objects.ts')).heapOfObjects(shape),
  'hand-written': async (shape) => (await import('../contestants/phold/hand-written.ts')).handWritten(shape),
} satisfies Record<string, Maker>;

const ALARMS = {
  troupe: async (shape) => (await import('../contestants/phold/troupe-alarms.ts')).troupeAlarms(shape, false),
  'troupe-layout': async (shape) =>
    (await import('../contestants/phold/troupe-alarms.ts')).troupeAlarms(shape, true),
} satisfies Record<string, Maker>;

interface Size {
  readonly agents: number;
  readonly perAgent: number;
  readonly delays?: Delays;
}

const EVERYBODY = Object.keys(PHOLD) as (keyof typeof PHOLD)[];
/** Ours, and the bound. */
const OURS = ['troupe', 'troupe-layout', 'hand-written'] as const;

const SIZE_16K: Size = { agents: 1024, perAgent: 16 };
const SIZE_256K: Size = { agents: 16_384, perAgent: 16 };

function contestant(name: string, make: Maker, size: Size, memory?: () => number): Contestant {
  return {
    name,
    ...(memory === undefined ? {} : { execArgv: [EXPOSE_GC] }),
    run: async (work) => {
      const { perAgent, delays = 'exponential' } = size;
      const agents = work.smoke ? 64 : size.agents;
      const shape = { agents, perAgent, delays, remote: REMOTE, lookahead: work.lookahead };
      return measurePhold(shape, work, await make(shape), memory);
    },
  };
}

function contestantsOf(size: Size, names: readonly (keyof typeof PHOLD)[]): Contestant[] {
  return names.map((name) => contestant(name, PHOLD[name], size));
}

/** Nanoseconds per event with 10^`exponent` agents. */
function cost(exponent: number): Case {
  const agents = 10 ** exponent;
  return {
    name: `cost-1e${exponent}`,
    help: `PHOLD, ${agents.toLocaleString('en')} agents with an event each`,
    unit: 'ns/event',
    better: 'less',
    contestants: contestantsOf({ agents, perAgent: 1 }, ['troupe', 'hand-written']).map(({ name, run }) => ({
      name,
      run: async (work) => {
        const outcome = await run(work);
        return { ...outcome, value: 1e9 / outcome.value };
      },
    })),
  };
}

/** The cases of PHOLD in one thread. */
export const pholdCases: readonly Case[] = [
  {
    name: 'phold-16k',
    help: 'PHOLD, 1,024 agents with 16 events each',
    ...EVENTS,
    contestants: contestantsOf(SIZE_16K, EVERYBODY),
  },
  {
    name: 'phold-256k',
    help: 'PHOLD, 16,384 agents with 16 events each',
    ...EVENTS,
    // Where simjs needs seconds to begin.
    contestants: contestantsOf(
      SIZE_256K,
      EVERYBODY.filter((name) => name !== 'simjs'),
    ),
  },
  {
    name: 'phold-constant',
    help: 'as phold-16k, with all delays equal',
    ...EVENTS,
    contestants: contestantsOf({ ...SIZE_16K, delays: 'constant' }, OURS),
  },
  {
    name: 'phold-ticks',
    help: 'as phold-16k, with delays of whole seconds',
    ...EVENTS,
    contestants: contestantsOf({ ...SIZE_16K, delays: 'ticks' }, OURS),
  },
  {
    name: 'phold-alarms',
    help: 'as phold-16k, and each event cancels an alarm and sets it anew',
    ...EVENTS,
    also: { growth: { unit: 'bytes', better: 'less' } },
    contestants: Object.entries(ALARMS).map(([name, make]) => contestant(name, make, SIZE_16K, memoryInUse)),
  },
  ...[3, 4, 5, 6].map(cost),
];
