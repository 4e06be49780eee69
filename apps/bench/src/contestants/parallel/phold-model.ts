import { Agent, defineModel, layout, type Message, type Model, type Random } from '@troupe/core';
import { delayOf } from '../../phold/delay.ts';
import type { Shape } from '../../phold/shape.ts';

type Hops = { hop: { hops: number } };

class Holder extends Agent<Hops> {
  readonly #shape: Shape;
  readonly #delay: (random: Random) => number;

  constructor(shape: Shape, delay: (random: Random) => number) {
    super();
    this.#shape = shape;
    this.#delay = delay;
  }

  override setup(): void {
    for (let event = 0; event < this.#shape.perAgent; event += 1) this.#hop(0);
  }

  override receive(message: Message<Hops>): void {
    this.#hop(message.body.hops + 1);
  }

  #hop(hops: number): void {
    const { random } = this;
    const { agents, remote } = this.#shape;
    const to = random.float() < remote ? Math.floor(random.float() * agents) : this.id;
    this.send(to, 'hop', { hops }, this.#delay(random));
  }
}

const PARAMS = {
  agents: { type: 'integer', default: 64, min: 1, help: 'agents' },
  perAgent: { type: 'integer', default: 16, min: 1, help: 'events of each at the beginning' },
  remote: { type: 'number', default: 0.1, min: 0, max: 1, help: 'share of hops to any agent' },
  lookahead: { type: 'number', default: 0.1, min: 0.001, max: 0.999, help: 'least delay' },
} as const;

/** PHOLD for several clusters; agents are placed in blocks. `laidOut` declares the layout of its messages. */
export function pholdModel(laidOut: boolean): Model<typeof PARAMS> {
  return defineModel({
    name: 'phold',
    params: PARAMS,
    agents: [Holder],
    ...(laidOut ? { layouts: { hop: layout({ hops: 'f64' }) } } : {}),
    lookahead: ({ lookahead }) => lookahead,
    place: (id, clusters, { agents }) => Math.floor(((id as number) * clusters) / agents),
    populate: ({ add, params }) => {
      const shape: Shape = { ...params, delays: 'exponential' };
      const delay = delayOf(shape);
      for (let id = 0; id < shape.agents; id += 1) add(Holder, { id, args: [shape, delay] });
    },
  });
}
