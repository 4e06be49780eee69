import { type AgentId, type Report, Simulation } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareIds } from '../src/ids.ts';
import type { Placement } from '../src/placement/placement.ts';
import society from './fixtures/society.ts';

const AGENTS = 12;
const IDS: AgentId[] = Array.from({ length: AGENTS }, (_, index) =>
  index % 3 === 0 ? `citizen ${index}` : index,
).sort(compareIds);

function placement(clusters: number, draw: () => number): Placement {
  return { clusters, agents: IDS, cluster: Int32Array.from(IDS, () => draw() % clusters) };
}

interface Course {
  readonly digest: string;
  readonly events: number;
  readonly deadLetters: number;
  readonly results: Report['results'];
  readonly log: string;
}

/** Runs to the end, with agents moved to anywhere after each of the first stretches. */
async function course(
  options: { seed: number; lookahead: number; clusters: number },
  moves: readonly number[],
): Promise<Course> {
  const { seed, lookahead, clusters } = options;
  await using simulation = new Simulation(society, {
    seed,
    clusters,
    params: { agents: AGENTS, lookahead },
    eventLog: true,
  });
  const lines: unknown[] = [];
  const reading = (async () => {
    for await (const event of simulation.eventLog()) lines.push(event);
  })();
  let events = 0;
  let deadLetters = 0;
  for (const move of moves) {
    const { events: own, deadLetters: letters } = await simulation.step({ until: 60 });
    events += own;
    deadLetters += letters;
    let state = move;
    const draw = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 8;
    };
    await simulation.place(placement(clusters, draw));
  }
  const report = await simulation.run({ until: 60 });
  await simulation.close();
  await reading;
  return {
    digest: report.digest,
    events: events + report.events,
    deadLetters: deadLetters + report.deadLetters,
    results: report.results,
    log: JSON.stringify(lines, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
  };
}

describe('agents that move at a barrier', () => {
  it.each([0, 0.25])(
    'have the course of those that stay, with lookahead %d',
    async (lookahead) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 1e6 }),
          fc.constantFrom(2, 3, 7),
          fc.array(fc.nat(1e6), { minLength: 1, maxLength: 12 }),
          async (seed, clusters, moves) => {
            const stayed = await course({ seed, lookahead, clusters: 1 }, []);
            expect(await course({ seed, lookahead, clusters }, moves)).toEqual(stayed);
          },
        ),
        { seed: 31, numRuns: 60 },
      );
    },
    60_000,
  );
});
