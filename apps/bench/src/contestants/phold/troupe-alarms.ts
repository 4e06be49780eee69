import { Agent, type AlarmId, layout, type Message, type Random, Scheduler } from '@troupe/core';
import { delayOf } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';

type Hops = { hop: { hops: number }; late: undefined };

/** Simulated seconds after which an agent that heard nothing wonders: hardly ever. */
const PATIENCE = 5;

/** As the agent of the other cases, and it cancels its alarm and sets it anew with each event. */
class Holder extends Agent<Hops> {
  readonly #shape: Shape;
  readonly #delay: (random: Random) => number;
  #alarm: AlarmId | undefined;

  constructor(id: number, shape: Shape, delay: (random: Random) => number) {
    super(id);
    this.#shape = shape;
    this.#delay = delay;
  }

  override setup(): void {
    for (let event = 0; event < this.#shape.perAgent; event += 1) this.#hop(0);
  }

  override receive(message: Message<Hops>): void {
    if (this.#alarm !== undefined) this.cancelAlarm(this.#alarm);
    this.#alarm = this.setAlarm(PATIENCE, 'late');
    if (message.topic === 'hop') this.#hop(message.body.hops + 1);
  }

  #hop(hops: number): void {
    const { random } = this;
    const { agents, remote } = this.#shape;
    const to = random.float() < remote ? Math.floor(random.float() * agents) : this.id;
    this.send(to, 'hop', { hops }, this.#delay(random));
  }
}

export function troupeAlarms(shape: Shape, laidOut: boolean): Phold {
  const scheduler = new Scheduler<Hops>({
    seed: SEED,
    lookahead: shape.lookahead,
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
