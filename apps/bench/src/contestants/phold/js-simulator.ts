import { Random } from '@troupe/core';
import jssim from 'js-simulator';
import { delayOf } from '../../phold/delay.ts';
import { type Phold, SEED, type Shape } from '../../phold/shape.ts';

/**
 * Events of js-simulator that schedule themselves again: its messages carry no delay, so each event names the agent
 * that it is due at.
 */
export function jsSimulator(shape: Shape): Phold {
  const { agents, perAgent, remote } = shape;
  const delay = delayOf(shape);
  const streams = Array.from({ length: agents }, (_, id) => Random.of(SEED, id));
  const scheduler = new jssim.Scheduler();
  let events = 0;

  class Hop extends jssim.SimEvent {
    #agent: number;
    #hops = 0;

    constructor(agent: number) {
      super();
      this.#agent = agent;
    }

    override update(): void {
      events += 1;
      this.#hops += 1;
      this.hop();
    }

    hop(): void {
      const random = streams[this.#agent] as Random;
      if (random.float() < remote) this.#agent = Math.floor(random.float() * agents);
      scheduler.scheduleOnceIn(this, delay(random));
    }
  }

  for (let agent = 0; agent < agents; agent += 1) {
    for (let event = 0; event < perAgent; event += 1) new Hop(agent).hop();
  }
  const bell = new jssim.SimEvent();
  let isOver = false;
  bell.update = () => {
    isOver = true;
  };

  return {
    advance(until) {
      const before = events;
      isOver = false;
      scheduler.schedule(bell, until);
      while (!isOver) scheduler.update();
      return events - before;
    },
    words: () => streams.map((random) => random.word()),
  };
}
