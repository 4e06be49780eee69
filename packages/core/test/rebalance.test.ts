import { Agent, defineModel, type Message, Simulation } from '@troupe/core';
import { describe, expect, it } from 'vitest';
import { RebalancePolicy } from '../src/rebalance.ts';

type Talk = { word: number };

const AGENTS = 200;

/** Talks to its neighbour, which round robin puts on the other cluster. */
class Talker extends Agent<Talk> {
  heard = 0;

  override setup(): void {
    this.send(this.#other, 'word', 0, 1 + this.random.float());
  }

  override receive({ body }: Message<Talk>): void {
    this.heard += 1;
    this.send(this.#other, 'word', body + 1, 1 + this.random.float());
    this.report('heard', this.heard);
  }

  get #other(): number {
    return (this.id as number) ^ 1;
  }

  override snapshot(): unknown {
    return { heard: this.heard };
  }

  static override restore({ heard }: { heard: number }): Talker {
    const talker = new Talker();
    talker.heard = heard;
    return talker;
  }
}

class Secretive extends Agent<Talk> {
  readonly #secret = 1;

  override receive(): void {
    this.report('secret', this.#secret);
  }
}

class Attached extends Agent<Talk> {
  readonly listener = (): void => {};

  override receive(): void {}
}

const pairs = defineModel({
  name: 'pairs',
  agents: [Talker],
  lookahead: 1,
  populate: ({ add }) => {
    for (let id = 0; id < AGENTS; id += 1) add(Talker, { id });
  },
});

describe('rebalancing', () => {
  it('brings those together who talk to each other, and the digest does not show it', async () => {
    const until = 5000;
    await using still = new Simulation(pairs);
    const expected = await still.run({ until });
    await using moving = new Simulation(pairs, { clusters: 2, rebalance: 'auto', progressInterval: 20 });
    const report = await moving.run({ until });
    expect([report.digest, report.events, report.results]).toEqual([
      expected.digest,
      expected.events,
      expected.results,
    ]);
    const [first] = report.rebalances ?? [];
    expect(first?.moved).toBeGreaterThan(0);
    expect(first?.crossing).toEqual({ before: 1, after: 0 });
    expect(first?.balance.after).toBeLessThan(1.1);
    expect(report.remote).toBeLessThan(report.local);
    for (const { agents } of report.clusters) expect(Math.abs(agents - AGENTS / 2)).toBeLessThan(10);
  }, 60_000);

  it('tells who talked to whom, for a placement that a later run begins with', async () => {
    const { partition, placementQuality } = await import('@troupe/core/placement');
    await using first = new Simulation(pairs, { clusters: 2, traffic: 1 });
    const { events } = await first.run({ until: 50 });
    const traffic = await first.traffic();
    expect(traffic.load.reduce((sum, load) => sum + load, 0)).toBe(events);
    expect(placementQuality(traffic, (id) => (id as number) % 2, 2).crossing).toBe(1);
    const placement = partition(traffic, { clusters: 2 });
    await using second = new Simulation(pairs, { clusters: 2, placement });
    const report = await second.run({ until: 50 });
    expect(report.remote).toBe(0);
    expect(report.digest).toBe((await new Simulation(pairs).run({ until: 50 })).digest);
  });

  it('refuses agents that cannot move, naming what stands in the way', async () => {
    const of = (agentClass: typeof Secretive | typeof Attached) =>
      defineModel({
        name: 'stuck',
        agents: [agentClass],
        populate: ({ add }) => void [0, 1].map((id) => add(agentClass, { id })),
      });
    const secretive = new Simulation(of(Secretive), { clusters: 2, rebalance: 'auto' });
    await expect(secretive.start()).rejects.toThrowError(/agents of Secretive cannot move.*#private/);
    await secretive.close();
    const attached = new Simulation(of(Attached), { clusters: 2 });
    await attached.place({ clusters: 2, agents: [0, 1], cluster: Int32Array.of(1, 0) });
    await expect(attached.run()).rejects.toThrowError(/agent 0 cannot be sent.*listener/);
    await attached.close();
  });

  it('refuses placements for other clusters, and traffic that was not counted', async () => {
    const placement = { clusters: 3, agents: [0], cluster: Int32Array.of(2) };
    expect(() => new Simulation(pairs, { clusters: 2, placement })).toThrowError(/for 3 clusters/);
    expect(() => new Simulation(pairs, { traffic: 0.5 })).toThrowError(/traffic is 0.5/);
    expect(() => new Simulation(pairs, { rebalance: 'yes' as 'auto' })).toThrowError(/rebalance is "yes"/);
    await using simulation = new Simulation(pairs);
    await expect(simulation.traffic()).rejects.toThrowError(/nothing is counted/);
  });
});

describe('the policy of rebalancing', () => {
  const quality = (crossing: number, balance: number) => ({ crossing, balance, loads: [] });

  it('looks after some time and work, and then ever more rarely', () => {
    const policy = new RebalancePolicy();
    expect(policy.wantsLook(0.1, 1e6, 10)).toBe(false);
    expect(policy.wantsLook(10, 100, 10)).toBe(false);
    expect(policy.wantsLook(10, 60_000, 20_000)).toBe(false);
    expect(policy.wantsLook(0.3, 60_000, 1000)).toBe(true);
    policy.looked(0.3);
    expect(policy.wantsLook(1, 1e6, 1000)).toBe(false);
    expect(policy.wantsLook(1.3, 1e6, 1000)).toBe(true);
  });

  it.each([
    ['far less crosses', [0.5, 1], [0.1, 1.05], true],
    ['a little less crosses', [0.5, 1], [0.45, 1], false],
    ['hardly anything crosses anyway', [0.01, 1], [0, 1], false],
    ['less crosses, but one does all the work', [0.5, 1], [0, 2], false],
    ['the load is more even', [0.1, 2], [0.1, 1], true],
    ['the load is more even, but much more crosses', [0.1, 2], [0.5, 1], false],
  ] as const)('when %s', (_what, [crossing, balance], [newCrossing, newBalance], worth) => {
    const policy = new RebalancePolicy();
    expect(policy.isWorth(quality(crossing, balance), quality(newCrossing, newBalance))).toBe(worth);
  });
});
