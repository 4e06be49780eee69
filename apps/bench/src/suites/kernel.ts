import { EXPOSE_GC } from '../harness/memory.ts';
import type { Contestant, Suite } from '../harness/suite.ts';
import { pholdCases } from './phold-cases.ts';

const MESSAGES = { unit: 'messages/s', better: 'more' } as const;

/** A module of contestants is loaded when one of them runs. */
const lazily = (name: string, run: Contestant['run']): Contestant => ({ name, run });

export const kernel: Suite = {
  name: 'kernel',
  help: 'One cluster in one thread.',
  cases: [
    ...pholdCases,
    {
      name: 'ping-pong',
      help: 'two agents send a counter to and fro',
      ...MESSAGES,
      contestants: [
        lazily('troupe', async (work) => (await import('../contestants/ping-pong/troupe.ts')).troupe(work)),
        lazily('xstate', async (work) => (await import('../contestants/ping-pong/xstate.ts')).xstate(work)),
        lazily('nact', async (work) => (await import('../contestants/ping-pong/nact.ts')).nact(work)),
        lazily('EventEmitter', async (work) =>
          (await import('../contestants/ping-pong/event-emitter.ts')).eventEmitter(work),
        ),
      ],
    },
    {
      name: 'ring-100k',
      help: '100,000 agents in a ring, a message of each going round',
      ...MESSAGES,
      contestants: [
        lazily('troupe', async (work) => (await import('../contestants/ring/troupe.ts')).troupe(work)),
        lazily('EventEmitter', async (work) =>
          (await import('../contestants/ring/event-emitter.ts')).eventEmitter(work),
        ),
      ],
    },
    {
      name: 'broadcast',
      help: 'one agent broadcasts to 100,000 subscribers',
      unit: 'deliveries/s',
      better: 'more',
      contestants: [
        lazily('troupe', async (work) => (await import('../contestants/broadcast/troupe.ts')).troupe(work)),
        lazily('EventEmitter', async (work) =>
          (await import('../contestants/broadcast/event-emitter.ts')).eventEmitter(work),
        ),
      ],
    },
    {
      name: 'subscriptions-off',
      help: '100 pairs of agents send a counter to and fro, 1 s later; nobody is subscribed',
      ...MESSAGES,
      contestants: [
        lazily('troupe', async (work) =>
          (await import('../contestants/subscriptions/troupe.ts')).troupe(work, false),
        ),
      ],
    },
    {
      name: 'subscriptions-on',
      help: 'the same, and an agent gets a copy of each; copies are not counted',
      ...MESSAGES,
      contestants: [
        lazily('troupe', async (work) =>
          (await import('../contestants/subscriptions/troupe.ts')).troupe(work, true),
        ),
      ],
    },
    {
      name: 'alarms-20k',
      help: 'an agent sets 20,000 alarms at different times, and again when the last has gone off',
      unit: 'alarms/s',
      better: 'more',
      contestants: [
        lazily('troupe', async (work) => (await import('../contestants/alarms/troupe.ts')).troupe(work)),
        lazily('simjs', async (work) => (await import('../contestants/alarms/simjs.ts')).simjs(work)),
      ],
    },
    {
      name: 'bytes-per-agent',
      help: 'memory of 1,000,000 idle agents, beyond plain objects with the same fields in an array',
      unit: 'bytes',
      better: 'less',
      contestants: [
        {
          name: 'troupe',
          execArgv: [EXPOSE_GC],
          run: async (work) => (await import('../contestants/idle/troupe.ts')).troupe(work),
        },
        {
          name: 'EventEmitter',
          execArgv: [EXPOSE_GC],
          run: async (work) => (await import('../contestants/idle/event-emitter.ts')).eventEmitter(work),
        },
      ],
    },
  ],
};
