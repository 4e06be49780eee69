import type { Place } from '../contestants/conveyors/troupe.ts';
import type { Case, Suite } from '../harness/suite.ts';

const CONTESTANTS: Readonly<Record<string, Place>> = { 'troupe-in-process': 'in-process', troupe: 'threads' };

function warm(name: string, help: string, lines: number): Case {
  return {
    name,
    help,
    unit: 'times real time',
    better: 'more',
    contestants: Object.entries(CONTESTANTS).map(([contestant, place]) => ({
      name: contestant,
      run: async (work) => (await import('../contestants/conveyors/troupe.ts')).warm(work, place, lines),
    })),
  };
}

export const conveyors: Suite = {
  name: 'conveyors',
  help: 'Four conveyors on two clusters hand units over, without lookahead: simulated over wall time.',
  cases: [
    {
      name: 'cold',
      help: 'one unit, the start of the threads included; the predecessor published 99.25',
      unit: 'times real time',
      better: 'more',
      contestants: Object.entries(CONTESTANTS).map(([name, place]) => ({
        name,
        run: async () => (await import('../contestants/conveyors/troupe.ts')).cold(place),
      })),
    },
    warm('warm', 'unit after unit, when the code is warm', 1),
    warm('units-1000', '1,000 lines with a unit each, when the code is warm', 1000),
  ],
};
