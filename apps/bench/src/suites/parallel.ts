import type { Case, Contestant, Suite, Work } from '../harness/suite.ts';

const EVENTS = { unit: 'events/s', better: 'more' } as const;
const PER_AGENT = 16;
const REMOTE = 0.1;
/** The default of `--lookahead`, which the sizes are meant for. */
const LOOKAHEAD = 0.1;

/** Several threads are measured by the clock: their processor time says nothing about waiting. */
const byTheClock = (work: Work): Work => ({ ...work, clock: 'wall' });

/** A case whose windows hold about so many events of both clusters together: pending events times lookahead. */
function windows(events: number): Case {
  // An even number, so that both clusters have as many.
  const agents = 2 * Math.ceil(events / LOOKAHEAD / PER_AGENT / 2);
  const contestant = (name: string, laidOut: boolean, clusters: number): Contestant => ({
    name,
    run: async (work) => {
      const { phold } = await import('../contestants/parallel/phold.ts');
      return phold(byTheClock(work), { agents, perAgent: PER_AGENT, remote: REMOTE }, clusters, laidOut);
    },
  });
  return {
    name: `phold-${events}`,
    help: `PHOLD, ${agents.toLocaleString('en')} agents with 16 events each, 10 % of hops to any agent`,
    ...EVENTS,
    contestants: [
      contestant('2-clusters-layout', true, 2),
      contestant('1-cluster-layout', true, 1),
      contestant('2-clusters', false, 2),
      contestant('1-cluster', false, 1),
    ],
  };
}

export const parallel: Suite = {
  name: 'parallel',
  help: 'Clusters on worker threads, with lookahead.',
  cases: [
    ...[100, 1000, 10_000].map(windows),
    {
      name: 'airline',
      help: 'the headline sim, a year of flights',
      ...EVENTS,
      contestants: [2, 1].map((clusters) => ({
        name: clusters === 1 ? '1-cluster' : `${clusters}-clusters`,
        // It starts a process itself.
        hasOwnProcess: true,
        run: async (work) => (await import('../contestants/parallel/airline.ts')).airline(work, clusters),
      })),
    },
  ],
};
