import type { Size } from '../contestants/one-way/bodies.ts';
import type { Form } from '../contestants/one-way/troupe-program.ts';
import { cannotPin, pinnedTo } from '../harness/pinning.ts';
import type { Case, Contestant, Suite, Work } from '../harness/suite.ts';

/** Two threads are measured by the clock: their processor time says nothing about waiting. */
const byTheClock = (work: Work): Work => ({ ...work, clock: 'wall' });

/** Runs a program of ours on two nodes. */
function nodes(name: string, program: URL, data: (work: Work) => unknown): Contestant {
  return {
    name,
    run: async (work) => {
      const { figureOf } = await import('../contestants/node-group.ts');
      return { value: await figureOf(program, data(byTheClock(work))) };
    },
  };
}

/** Runs a module of a peer in two workers. */
function workers(name: string, module: URL, data: (work: Work) => unknown): Contestant {
  return {
    name,
    run: async (work) => {
      const { workerFigure } = await import('../contestants/worker-pair.ts');
      return { value: await workerFigure(module, data(byTheClock(work))) };
    },
  };
}

function oneWay(size: Size): Case {
  const program = new URL('../contestants/one-way/troupe-program.ts', import.meta.url);
  const posting = new URL('../contestants/one-way/post-message-worker.ts', import.meta.url);
  const calling = new URL('../contestants/one-way/comlink-worker.ts', import.meta.url);
  const ours = (name: string, form: Form): Contestant =>
    nodes(name, program, (work) => ({ size, work, form }));
  return {
    name: `one-way-${size}`,
    help: `messages from one thread to another, decoded there; bodies of about ${size} bytes`,
    unit: 'messages/s',
    better: 'more',
    contestants: [
      ours('troupe', 'packed'),
      ours('troupe-layout', 'layout'),
      workers('comlink', calling, (work) => ({ size, work })),
      workers('postMessage-batched', posting, (work) => ({ size, work, batch: 64 })),
      workers('postMessage', posting, (work) => ({ size, work, batch: 1 })),
    ],
  };
}

/** On one core a thread is woken by letting go of the core; on two, a core is woken from its sleep. */
function roundTrip(): Case {
  const program = new URL('../contestants/round-trip/troupe-program.ts', import.meta.url);
  const posting = new URL('../contestants/round-trip/post-message-worker.ts', import.meta.url);
  const contestants = [1, 2].flatMap((count) => {
    const where = count === 1 ? '1-core' : '2-cores';
    const pinned = { prefix: () => pinnedTo(count), unable: () => cannotPin(count) };
    return [
      { ...nodes(`troupe-${where}`, program, (work) => work), ...pinned },
      { ...workers(`postMessage-${where}`, posting, (work) => work), ...pinned },
    ];
  });
  return {
    name: 'round-trip',
    help: 'a number to another thread and back, both pinned to one core, or to two',
    unit: 'µs',
    better: 'less',
    contestants,
  };
}

function barrier(): Case {
  const program = new URL('../contestants/barrier/troupe-program.ts', import.meta.url);
  const atomics = new URL('../contestants/barrier/atomics-worker.ts', import.meta.url);
  return {
    name: 'barrier',
    help: 'two threads exchange 8 numbers each; the peer is written by hand for two',
    unit: 'µs',
    better: 'less',
    contestants: [
      nodes('troupe', program, (work) => work),
      workers('Atomics.wait', atomics, (work) => ({ work, memory: new SharedArrayBuffer(8 + 4 * 8 * 8) })),
    ],
  };
}

export const threads: Suite = {
  name: 'threads',
  help: 'Two worker threads: the transport, beneath the kernel.',
  cases: [...([16, 64, 256, 1024] as const).map(oneWay), roundTrip(), barrier()],
};
