import { Agent, layout, type Message, type Random, Scheduler } from '@troupe/core';
import { delayOf } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';

type Hops = { hop: { hops: number } };

class Holder extends Agent<Hops> {
  readonly #shape: Shape;
  readonly #delay: (random: Random) => number;

  constructor(id: number, shape: Shape, delay: (random: Random) => number) {
    super(id);
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

/** Agents as classes with `receive`, in one thread; `laidOut` declares the layout of their one kind of message. */
export function troupe(shape: Shape, laidOut: boolean): Phold {
  const scheduler = new Scheduler<Hops>({
    seed: SEED,
    lookahead: shape.delays === 'exponential' ? shape.lookahead : 1,
    ...(laidOut ? { layouts: { hop: layout({ hops: 'f64' }) } } : {}),
  });
  const delay = delayOf(shape);
  const holders = Array.from({ length: shape.agents }, (_, id) => new Holder(id, shape, delay));
  for (const holder of holders) scheduler.add(holder);
  return {
    advance: (until) => scheduler.run({ until }).events,
    words: () => holders.map(({ random }) => random.word()),
  };
}
