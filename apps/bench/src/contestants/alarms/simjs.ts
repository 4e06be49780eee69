import { Random } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { loadSimjs } from '../load-simjs.ts';
import { alarmsOf } from './number.ts';

export async function simjs(work: Work): Promise<Outcome> {
  const { Entity, Sim } = await loadSimjs();
  const alarms = alarmsOf(work);
  const random = Random.of(1, 'sleeper');

  class Sleeper extends Entity {
    #pending = 0;

    start(): void {
      for (let index = 0; index < alarms; index += 1) {
        this.setTimer(1 + random.float()).done(this.ring, this);
      }
      this.#pending = alarms;
    }

    ring(): void {
      this.#pending -= 1;
      if (this.#pending === 0) this.start();
    }
  }

  const sim = new Sim();
  sim.addEntity(Sleeper);
  const value = await throughput(work, (wanted) => {
    for (let rung = 0; rung < wanted; rung += 1) sim.step();
    return wanted;
  });
  return { value };
}
