import {
  Agent,
  type AgentId,
  defineModel,
  type InputRecord,
  type Message,
  Simulation,
  SimulationError,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import society from './fixtures/society.ts';

type Counter = { add: number; tell: undefined };

/** Adds up what it is sent; each addition is passed on to the next agent a second later, halved. */
class Sum extends Agent<Counter> {
  #sum = 0;

  override setup(): void {
    if (this.id === 2) this.subscribe({ topic: 'tell' });
  }

  override receive({ topic, body, from, sentAt }: Message<Counter>): void {
    if (topic === 'tell') {
      this.report('told', [from, this.time]);
      return;
    }
    this.#sum += body;
    this.report('sum', this.#sum);
    this.report('first', [from, sentAt, this.time]);
    if (body >= 2) this.send(((this.id as number) + 1) % 3, 'add', Math.trunc(body / 2), 1);
  }
}

const sums = (lookahead: number) =>
  defineModel({
    name: 'sums',
    agents: [Sum],
    lookahead,
    populate: ({ add }) => {
      for (const id of [0, 1, 2]) add(Sum, { id });
    },
  });

describe('messages from outside', () => {
  it.each([0, 1])(
    'reach a run that has nothing to do, which waits for them; lookahead %d',
    async (lookahead) => {
      await using simulation = new Simulation(sums(lookahead), { clusters: 2 });
      const input = simulation.openInput();
      const running = simulation.run();
      const record = await input.send(1, 'add', 8);
      expect(record).toEqual({ time: record.time, to: 1, topic: 'add', body: 8 });
      await input.broadcast('tell', undefined, { at: 50 });
      input.close();
      input.close();
      const report = await running;
      expect(report.reason).toBe('idle');
      expect(report.results['sum']).toEqual({ 0: 2, 1: 9, 2: 4 });
      expect(report.results['told']).toEqual({ 2: ['@outside', 50] });
      expect(simulation.inputs).toEqual([
        record,
        { time: 50, to: undefined, topic: 'tell', body: undefined },
      ]);
    },
  );

  it('are due at the start when they come before the first run', async () => {
    await using simulation = new Simulation(sums(0));
    const input = simulation.openInput();
    const sent = input.send(0, 'add', 1);
    input.close();
    const report = await simulation.run();
    expect((await sent).time).toBe(0);
    expect(report.results['first']).toEqual({ 0: ['@outside', 0, 0] });
  });

  it('are due no earlier than they are to be, and never before what has been delivered', async () => {
    await using simulation = new Simulation(sums(1), { clusters: 3 });
    const input = simulation.openInput();
    const early = input.send(0, 'add', 16, { at: 3.5 });
    await simulation.run({ until: 5 });
    expect((await early).time).toBe(3.5);
    const late = input.send(0, 'add', 1, { at: 2 });
    input.close();
    await simulation.run();
    expect((await late).time).toBeGreaterThanOrEqual(5);
  });

  it('are given the time of the wall when a run is paced', async () => {
    await using simulation = new Simulation(sums(1), { clusters: 2 });
    const input = simulation.openInput();
    const running = simulation.run({ until: 40, speed: 200, stopWhenIdle: false });
    const first = await input.send(0, 'add', 1);
    const second = await input.send(1, 'add', 1);
    input.close();
    const report = await running;
    expect(report.simTime).toBe(40);
    expect(report.reason).toBe('until');
    expect(second.time).toBeGreaterThanOrEqual(first.time);
    expect(second.time).toBeLessThan(40);
  });

  it.each([0, 0.25])(
    'have the same effect when they are replayed, wherever agents live; lookahead %d',
    async (lookahead) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 1e6 }),
          fc.constantFrom(1, 2, 3),
          fc.array(
            fc.record({
              steps: fc.integer({ min: 0, max: 3 }),
              to: fc.oneof(fc.nat(11), fc.constant('all')),
              topic: fc.constantFrom('act', 'news', 'tick'),
              energy: fc.integer({ min: 0, max: 6 }),
              ahead: fc.constantFrom(0, 0, 0.5, 7),
            }),
            { minLength: 1, maxLength: 8 },
          ),
          async (seed, clusters, script) => {
            const options = { seed, params: { agents: 12, lookahead } };
            const live = new Simulation(society, { ...options, clusters });
            const input = live.openInput();
            for (const { steps, to, topic, energy, ahead } of script) {
              for (let step = 0; step < steps; step += 1) await live.step({ until: 30, stopWhenIdle: false });
              const body = topic === 'tick' ? { energy } : { energy, note: [energy] };
              const at = { at: live.time + ahead };
              if (to === 'all') void input.broadcast(topic, body, at);
              else
                void input.send(
                  (to as number) % 3 === 0 ? `citizen ${to}` : (to as AgentId),
                  topic,
                  body,
                  at,
                );
            }
            input.close();
            const { digest, simTime } = await live.run({ until: 60 });
            const inputs = [...live.inputs];
            await live.close();
            expect(inputs).toHaveLength(script.length);
            for (const other of [1, 2, 5]) {
              const replay = new Simulation(society, { ...options, clusters: other, inputs });
              const again = await replay.run({ until: 60 });
              await replay.close();
              expect([again.digest, again.simTime]).toEqual([digest, simTime]);
            }
          },
        ),
        { seed: 12, numRuns: 25 },
      );
    },
  );

  it('are refused when they cannot be sent, and when nobody listens any more', async () => {
    const simulation = new Simulation(sums(0));
    const input = simulation.openInput();
    expect(() => input.send('@me', 'add', 1)).toThrowError(/@me.*cannot name an agent/);
    expect(() => input.send(1, 5 as never)).toThrowError(/the topic is 5/);
    expect(() => input.send(1, 'add', () => 1)).toThrowError(/function/);
    expect(() => input.send(1, 'add', 1, { at: Number.NaN })).toThrowError(/due at NaN/);
    const waiting = input.send(1, 'add', 1);
    await simulation.close();
    await expect(waiting).rejects.toThrowError(SimulationError);
    expect(() => input.send(1, 'add', 1)).toThrowError(/closed/);
    expect(() => simulation.openInput()).toThrowError(/closed/);
    const other = new Simulation(sums(0)).openInput();
    other.close();
    expect(() => other.send(1, 'add', 1)).toThrowError(/this input is closed/);
    expect(
      () => new Simulation(sums(0), { inputs: [{ time: -1, to: 1, topic: 'add', body: 1 }] }),
    ).toThrowError(/due at -1/);
    expect(() => new Simulation(sums(0), { inputs: 7 as unknown as InputRecord[] })).toThrowError(
      /inputs is 7/,
    );
  });
});
