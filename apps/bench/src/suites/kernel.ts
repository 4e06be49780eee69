import { Agent, layout, type Message, Scheduler } from '@troupe/core';
import type { Suite } from '../suite.ts';

type Hops = { hop: { hops: number } };

const EVENTS_PER_AGENT = 16;
const REMOTE = 0.1;
const LOOKAHEAD = 0.1;

/** PHOLD as ROSS defines it: a constant population of events, exponential delays, some to any agent. */
class Holder extends Agent<Hops> {
  readonly #agents: number;

  constructor(id: number, agents: number) {
    super(id);
    this.#agents = agents;
  }

  override setup(): void {
    for (let event = 0; event < EVENTS_PER_AGENT; event += 1) this.#hop(0);
  }

  override receive(message: Message<Hops>): void {
    this.#hop(message.body.hops + 1);
  }

  #hop(hops: number): void {
    const { random } = this;
    const to = random.float() < REMOTE ? Math.floor(random.float() * this.#agents) : this.id;
    this.send(to, 'hop', { hops }, LOOKAHEAD + random.exponential(1 - LOOKAHEAD));
  }
}

function phold(agents: number, laidOut: boolean, events: number): () => Promise<number> {
  return async () => {
    const scheduler = new Scheduler<Hops>(laidOut ? { layouts: { hop: layout({ hops: 'f64' }) } } : {});
    for (let id = 0; id < agents; id += 1) scheduler.add(new Holder(id, agents));
    scheduler.run({ maxEvents: events });
    const report = scheduler.run({ maxEvents: events });
    return report.events / report.wallTime;
  };
}

function rally(hits: number): () => Promise<number> {
  return async () => {
    class Player extends Agent<{ ball: number }> {
      override receive({ from, body }: Message<{ ball: number }>): void {
        if (body < hits) this.send(from, 'ball', body + 1);
      }
    }
    const scheduler = new Scheduler<{ ball: number }>();
    scheduler.add(new Player('anna'));
    scheduler.add(new Player('ben'));
    class Server extends Agent<{ ball: number }> {
      override setup(): void {
        this.send('anna', 'ball', 0);
      }
      override receive({ body }: Message<{ ball: number }>): void {
        this.send('anna', 'ball', body + 1);
      }
    }
    scheduler.add(new Server('ace'));
    const report = scheduler.run({ maxEvents: hits });
    return report.events / report.wallTime;
  };
}

const contestants = (agents: number) => (smoke: boolean) => {
  const events = smoke ? 5_000 : 3_000_000;
  return [
    { name: 'troupe', run: phold(smoke ? 64 : agents, false, events) },
    { name: 'troupe-layout', run: phold(smoke ? 64 : agents, true, events) },
  ];
};

export const kernel: Suite = {
  name: 'kernel',
  help: 'Events per second of one cluster in one thread.',
  cases: [
    { name: 'phold-16k', unit: 'events/s', contestants: contestants(1024) },
    { name: 'phold-256k', unit: 'events/s', contestants: contestants(16384) },
    {
      name: 'ping-pong',
      unit: 'events/s',
      contestants: (smoke) => [{ name: 'troupe', run: rally(smoke ? 5_000 : 5_000_000) }],
    },
  ],
};
