import {
  Agent,
  type AgentId,
  defineModel,
  type Message,
  Scheduler,
  Simulation,
  type Ties,
} from '@troupe/core';
import { describe, expect, it } from 'vitest';

type Race = { go: undefined; step: { lap: number; step: number } };

const RUNNERS: readonly AgentId[] = ['ada', 'bob', 7, 'zoe'];
const LAPS = 400;

/** Sends two messages to the judge in each lap, as all others do. */
class Runner extends Agent<Race> {
  #lap = 0;

  override setup(): void {
    this.setAlarm(1, 'go');
  }

  override receive(): void {
    for (const step of [0, 1]) this.send('judge', 'step', { lap: this.#lap, step }, 1);
    this.#lap += 1;
    if (this.#lap < LAPS) this.setAlarm(1, 'go');
  }
}

class Judge extends Agent<Race> {
  readonly #order: [AgentId, number][] = [];

  override receive({ from, body }: Message<Race>): void {
    this.#order.push([from, (body as { step: number }).step]);
    this.report('order', this.#order);
  }
}

const race = defineModel({
  name: 'race',
  agents: [Runner, Judge],
  lookahead: 1,
  populate: ({ add }) => {
    for (const id of RUNNERS) add(Runner, { id });
    add(Judge, { id: 'judge' });
  },
});

async function run(ties: Ties, clusters: number, seed = 1) {
  await using simulation = new Simulation(race, { clusters, ties, seed });
  const { digest, results } = await simulation.run();
  return { digest, order: results['order']?.['judge'] as [AgentId, number][] };
}

/** How often each runner was the first of its lap. */
function firsts(order: readonly [AgentId, number][]): Map<AgentId, number> {
  const counts = new Map<AgentId, number>();
  for (let at = 0; at < order.length; at += RUNNERS.length * 2) {
    const [id] = order[at] as [AgentId, number];
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

describe('messages that were sent in the same round', () => {
  it('come in the order of their senders by default', async () => {
    const { order } = await run('sender', 1);
    expect([...firsts(order)]).toEqual([[7, LAPS]]);
  });

  it('come with seeded ties in an order that favours nobody', async () => {
    const { order } = await run('seeded', 1);
    const counts = firsts(order);
    for (const id of RUNNERS) {
      // 100 in the mean, standard deviation below 9.
      expect(counts.get(id)).toBeGreaterThan(60);
      expect(counts.get(id)).toBeLessThan(140);
    }
  });

  it.each(['sender', 'seeded'] as const)('of one agent keep their order, with ties by %s', async (ties) => {
    const { order } = await run(ties, 1);
    for (let at = 0; at < order.length; at += 2) {
      const [[first, zero], [second, one]] = order.slice(at, at + 2) as [
        [AgentId, number],
        [AgentId, number],
      ];
      expect([first, zero, one]).toEqual([second, 0, 1]);
    }
  });

  it.each([2, 3, 5])('come in the same seeded order in %i clusters', async (clusters) => {
    expect(await run('seeded', clusters)).toEqual(await run('seeded', 1));
  });

  it('come in another seeded order for another seed', async () => {
    const [one, two] = [await run('seeded', 1, 1), await run('seeded', 1, 2)];
    expect(one.order).not.toEqual(two.order);
  });

  it('are refused in an order that is not known', () => {
    expect(() => new Scheduler({ ties: 'random' as Ties })).toThrowError(
      /ties is "random": give one of sender, seeded/,
    );
    expect(() => new Simulation(race, { ties: 'id' as Ties })).toThrowError(/ties is "id"/);
  });
});
