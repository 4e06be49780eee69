import { Random } from '@troupe/core';
import { delayOf } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';
import { loadSimjs } from '../load-simjs.ts';

/** Entities of SIM.JS that send each other messages with a delay. */
export async function simjs(shape: Shape): Promise<Phold> {
  const { Entity, Sim } = await loadSimjs();
  const { agents, perAgent, remote } = shape;
  const delay = delayOf(shape);
  const holders: Holder[] = [];
  let events = 0;
  let isOver = false;

  class Holder extends Entity {
    readonly random = Random.of(SEED, holders.length);

    /** SIM.JS wants one. */
    start(): void {}

    onMessage(_sender: unknown, hops: number): void {
      events += 1;
      this.hop(hops + 1);
    }

    hop(hops: number): void {
      const to = this.random.float() < remote ? holders[Math.floor(this.random.float() * agents)] : this;
      this.send(hops, delay(this.random), to);
    }
  }

  const sim = new Sim();
  for (let id = 0; id < agents; id += 1) holders.push(sim.addEntity(Holder));
  for (const holder of holders) for (let event = 0; event < perAgent; event += 1) holder.hop(0);
  class Bell extends Entity {
    start(): void {}
  }
  const bell = sim.addEntity(Bell);

  return {
    // `simulate(until)` would lose the event that it finds to be due later.
    advance(until) {
      const before = events;
      isOver = false;
      bell.setTimer(until - sim.time()).done(() => {
        isOver = true;
      });
      while (!isOver) sim.step();
      return events - before;
    },
    words: () => holders.map(({ random }) => random.word()),
  };
}
