import type { Case, Contestant, Outcome, Suite, Work } from '../harness/suite.ts';
import type { Delays, Phold, Shape } from '../phold/shape.ts';

const EVENTS = { unit: 'events/s', better: 'more' } as const;
const REMOTE = 0.1;

type Maker = (shape: Shape) => Phold | Promise<Phold>;

/** Contestants of PHOLD by name; each imports what it needs when it runs. */
const PHOLD = {
  troupe: async (shape) => (await import('../contestants/phold/troupe.ts')).troupe(shape, false),
  'troupe-layout': async (shape) => (await import('../contestants/phold/troupe.ts')).troupe(shape, true),
  simjs: async (shape) => (await import('../contestants/phold/simjs.ts')).simjs(shape),
  'js-simulator': async (shape) => (await import('../contestants/phold/js-simulator.ts')).jsSimulator(shape),
  'heap-of-objects': async (shape) =>
    (await import('../contestants/phold/heap-of-objects.ts')).heapOfObjects(shape),
  'hand-written': async (shape) => (await import('../contestants/phold/hand-written.ts')).handWritten(shape),
} satisfies Record<string, Maker>;

const EVERYBODY = Object.keys(PHOLD) as (keyof typeof PHOLD)[];
const OURS = ['troupe', 'troupe-layout', 'hand-written'] as const;

interface Size {
  readonly agents: number;
  readonly perAgent: number;
  readonly delays?: Delays;
}

/** Contestants of PHOLD; `figure` makes of events per second what the case tells. */
function pholders(
  names: readonly (keyof typeof PHOLD)[],
  { agents, perAgent, delays = 'exponential' }: Size,
  figure = (perSecond: number) => perSecond,
): Contestant[] {
  return names.map((name) => ({
    name,
    run: async (work) => {
      const { measurePhold } = await import('../phold/measure.ts');
      const { lookahead } = work;
      const shape = { agents: work.smoke ? 64 : agents, perAgent, delays, remote: REMOTE, lookahead };
      const outcome = await measurePhold(shape, work, await PHOLD[name](shape));
      return { ...outcome, value: figure(outcome.value) };
    },
  }));
}

function cost(exponent: number): Case {
  const agents = 10 ** exponent;
  return {
    name: `cost-1e${exponent}`,
    help: `PHOLD with ${agents.toLocaleString('en')} agents, one event each`,
    unit: 'ns/event',
    better: 'less',
    contestants: pholders(OURS, { agents, perAgent: 1 }, (perSecond) => 1e9 / perSecond),
  };
}

function only(name: string, run: (work: Work) => Outcome | Promise<Outcome>): Contestant {
  return { name, run };
}

export const kernel: Suite = {
  name: 'kernel',
  help: 'One cluster in one thread.',
  cases: [
    {
      name: 'phold-16k',
      help: 'PHOLD, 1,024 agents with 16 events each',
      ...EVENTS,
      contestants: pholders(EVERYBODY, { agents: 1024, perAgent: 16 }),
    },
    {
      name: 'phold-256k',
      help: 'PHOLD, 16,384 agents with 16 events each',
      ...EVENTS,
      contestants: pholders(EVERYBODY, { agents: 16384, perAgent: 16 }),
    },
    {
      name: 'phold-constant',
      help: 'PHOLD as phold-16k, all delays equal',
      ...EVENTS,
      contestants: pholders(OURS, { agents: 1024, perAgent: 16, delays: 'constant' }),
    },
    {
      name: 'phold-ticks',
      help: 'PHOLD as phold-16k, delays of whole seconds',
      ...EVENTS,
      contestants: pholders(OURS, { agents: 1024, perAgent: 16, delays: 'ticks' }),
    },
    {
      name: 'ping-pong',
      help: 'two agents that send a counter to and fro',
      unit: 'messages/s',
      better: 'more',
      contestants: [
        only('troupe', async (work) => (await import('../contestants/ping-pong/troupe.ts')).troupe(work)),
        only('xstate', async (work) => (await import('../contestants/ping-pong/xstate.ts')).xstate(work)),
        only('nact', async (work) => (await import('../contestants/ping-pong/nact.ts')).nact(work)),
        only('EventEmitter', async (work) =>
          (await import('../contestants/ping-pong/event-emitter.ts')).eventEmitter(work),
        ),
      ],
    },
    {
      name: 'ring-100k',
      help: '100,000 agents in a ring, a message of each going round',
      unit: 'messages/s',
      better: 'more',
      contestants: [
        only('troupe', async (work) => (await import('../contestants/ring/troupe.ts')).troupe(work)),
        only('EventEmitter', async (work) =>
          (await import('../contestants/ring/event-emitter.ts')).eventEmitter(work),
        ),
      ],
    },
    {
      name: 'alarms-20k',
      help: 'an agent that sets 20,000 alarms at different times, again when the last has gone off',
      unit: 'alarms/s',
      better: 'more',
      contestants: [
        only('troupe', async (work) => (await import('../contestants/alarms/troupe.ts')).troupe(work)),
      ],
    },
    cost(3),
    cost(4),
    cost(5),
    cost(6),
  ],
};
