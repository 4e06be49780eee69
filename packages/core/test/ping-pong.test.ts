import { Agent, type AgentId, type Message, Scheduler } from '@troupe/core';
import { describe, expect, it } from 'vitest';

const HITS = 5000;

describe('ping-pong', () => {
  type Rally = { ball: { hits: number } };

  class Player extends Agent<Rally> {
    hits = 0;
    readonly #delay: number;

    constructor(id: AgentId, delay = 0) {
      super(id);
      this.#delay = delay;
    }

    override receive({ from, body }: Message<Rally>): void {
      this.hits += 1;
      if (body.hits < 2 * HITS) this.send(from, 'ball', { hits: body.hits + 1 }, this.#delay);
    }
  }

  const rally = (delay: number): [Player, Player, Scheduler<Rally>] => {
    class Server extends Player {
      override setup(): void {
        this.send('pong', 'ball', { hits: 1 }, delay);
      }
    }
    const ping = new Server('ping', delay);
    const pong = new Player('pong', delay);
    const scheduler = new Scheduler<Rally>();
    scheduler.add(ping);
    scheduler.add(pong);
    return [ping, pong, scheduler];
  };

  it('of 5,000 hits each way takes no time when hits take none', () => {
    const [ping, pong, scheduler] = rally(0);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 2 * HITS, simTime: 0 });
    expect([ping.hits, pong.hits]).toEqual([HITS, HITS]);
  });

  it('of 5,000 hits each way takes the time that the hits take', () => {
    const [ping, pong, scheduler] = rally(0.25);
    expect(scheduler.run()).toMatchObject({ reason: 'idle', events: 2 * HITS, simTime: HITS / 2 });
    expect([ping.hits, pong.hits]).toEqual([HITS, HITS]);
  });

  it('may hand the same ball back and forth', () => {
    class Returning extends Agent<Rally> {
      override receive({ from, body }: Message<Rally>): void {
        body.hits += 1;
        if (body.hits < HITS) this.send(from, 'ball', body);
      }
    }
    class Server extends Returning {
      override setup(): void {
        this.send('b', 'ball', ball);
      }
    }
    const ball = { hits: 0 };
    const scheduler = new Scheduler<Rally>();
    scheduler.add(new Server('a'));
    scheduler.add(new Returning('b'));
    scheduler.run();
    expect(ball.hits).toBe(HITS);
  });
});

describe('an auction', () => {
  type Auction = {
    offer: { lot: number };
    bid: { lot: number; price: number };
    sold: { lot: number; price: number };
  };

  /** Offers its lots one after the other; the second highest bid is the price, and of equal bids the first counts. */
  class Auctioneer extends Agent<Auction> {
    readonly sales: string[] = [];
    readonly #lots: number;
    readonly #bidders: number;
    #bids: { from: AgentId; price: number }[] = [];

    constructor(lots: number, bidders: number) {
      super('auctioneer');
      this.#lots = lots;
      this.#bidders = bidders;
    }

    override setup(): void {
      this.broadcast('offer', { lot: 1 });
    }

    override receive(message: Message<Auction>): void {
      if (message.topic !== 'bid') return;
      const { lot, price } = message.body;
      this.#bids.push({ from: message.from, price });
      if (this.#bids.length < this.#bidders) return;
      const [best, second] = this.#bids.sort((a, b) => b.price - a.price) as [
        { from: AgentId; price: number },
        { price: number },
      ];
      this.#bids = [];
      this.sales.push(`${lot} to ${best.from} for ${second.price}`);
      this.send(best.from, 'sold', { lot, price: second.price });
      if (lot < this.#lots) this.broadcast('offer', { lot: lot + 1 }, 1);
    }
  }

  class Bidder extends Agent<Auction> {
    money = 100;

    override setup(): void {
      this.subscribe({ topic: 'offer' });
    }

    override receive(message: Message<Auction>): void {
      if (message.topic === 'sold') this.money -= message.body.price;
      else if (message.topic === 'offer') {
        const price = Math.min(this.money, 1 + this.random.integer(4));
        this.send(message.from, 'bid', { lot: message.body.lot, price });
      }
    }
  }

  const held = (order: (agents: Agent<Auction>[]) => Agent<Auction>[]): [string[], number[]] => {
    const auctioneer = new Auctioneer(60, 5);
    const bidders = ['e', 'a', 'd', 'b', 'c'].map((id) => new Bidder(id));
    const scheduler = new Scheduler<Auction>({ seed: 42 });
    for (const agent of order([auctioneer, ...bidders])) scheduler.add(agent);
    scheduler.run();
    return [auctioneer.sales, bidders.map(({ money }) => money)];
  };

  it('has the same result whoever starts', () => {
    const [sales, money] = held((agents) => agents);
    expect(sales).toHaveLength(60);
    expect(new Set(sales.map((sale) => sale.split(' ')[2])).size).toBeGreaterThan(2);
    expect(money.some((left) => left < 100)).toBe(true);
    expect(held((agents) => agents.reverse())).toEqual([sales, money]);
    for (let turn = 1; turn < 6; turn += 1) {
      expect(held((agents) => [...agents.slice(turn), ...agents.slice(0, turn)])).toEqual([sales, money]);
    }
  });

  it('gives a lot of equal bids to the bidder with the least id', () => {
    class Equal extends Bidder {
      override receive(message: Message<Auction>): void {
        if (message.topic === 'offer') this.send(message.from, 'bid', { lot: message.body.lot, price: 7 });
      }
    }
    for (const ids of [
      [3, 1, 2],
      [2, 3, 1],
      [1, 2, 3],
    ]) {
      const auctioneer = new Auctioneer(2, 3);
      const scheduler = new Scheduler<Auction>();
      for (const id of ids) scheduler.add(new Equal(id));
      scheduler.add(auctioneer);
      scheduler.run();
      expect(auctioneer.sales).toEqual(['1 to 1 for 7', '2 to 1 for 7']);
    }
  });
});

describe('two machines that share out jobs by negotiation', () => {
  type Floor = {
    jobs: { name: string; size: number }[];
    propose: { name: string; size: number; load: number };
    accept: { name: string; size: number };
    reject: { name: string; size: number };
  };

  /** Hands a job over whenever that makes the longer of the two queues shorter. */
  class Machine extends Agent<Floor> {
    jobs: { name: string; size: number }[];
    readonly #other: AgentId;
    readonly #starts: boolean;

    constructor(id: AgentId, other: AgentId, jobs: readonly (readonly [string, number])[], starts: boolean) {
      super(id);
      this.#other = other;
      this.#starts = starts;
      this.jobs = jobs.map(([name, size]) => ({ name, size }));
    }

    get load(): number {
      return this.jobs.reduce((sum, { size }) => sum + size, 0);
    }

    override setup(): void {
      if (this.#starts) this.#propose();
    }

    override receive(message: Message<Floor>): void {
      switch (message.topic) {
        case 'propose': {
          const { name, size, load } = message.body;
          if (this.load + size < load) {
            this.jobs.push({ name, size });
            this.send(message.from, 'accept', { name, size });
          } else {
            this.send(message.from, 'reject', { name, size });
            if (this.load > load) this.#propose();
          }
          break;
        }
        case 'accept':
          this.jobs = this.jobs.filter(({ name }) => name !== message.body.name);
          this.#propose();
          break;
        default:
      }
    }

    /** Offers its smallest job. */
    #propose(): void {
      const [smallest] = [...this.jobs].sort((a, b) => a.size - b.size);
      if (smallest !== undefined) this.send(this.#other, 'propose', { ...smallest, load: this.load });
    }
  }

  const shared = (starter: string, first: string): [string[], number[]] => {
    const left = new Machine(
      'left',
      'right',
      [
        ['a', 3],
        ['b', 5],
        ['c', 8],
        ['d', 2],
      ],
      starter === 'left',
    );
    const right = new Machine('right', 'left', [['x', 1]], starter === 'right');
    const scheduler = new Scheduler<Floor>();
    for (const machine of first === 'left' ? [left, right] : [right, left]) scheduler.add(machine);
    expect(scheduler.run().reason).toBe('idle');
    return [
      [left, right].map(({ jobs }) =>
        jobs
          .map(({ name }) => name)
          .sort()
          .join(''),
      ),
      [left.load, right.load],
    ];
  };

  it('end with the same jobs, whoever starts and whoever was added first', () => {
    const result = shared('left', 'left');
    expect(result).toEqual([
      ['cx', 'abd'],
      [9, 10],
    ]);
    for (const starter of ['left', 'right']) {
      for (const first of ['left', 'right']) expect(shared(starter, first)).toEqual(result);
    }
  });
});
