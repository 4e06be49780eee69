import { Agent, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { alarmsOf } from './number.ts';

type Clock = { ring: number };

class Sleeper extends Agent<Clock> {
  readonly #alarms: number;
  #pending = 0;

  constructor(alarms: number) {
    super('sleeper');
    this.#alarms = alarms;
  }

  override setup(): void {
    this.#wind();
  }

  override receive(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#wind();
  }

  #wind(): void {
    const { random } = this;
    for (let index = 0; index < this.#alarms; index += 1) this.setAlarm(1 + random.float(), 'ring', index);
    this.#pending = this.#alarms;
  }
}

export async function troupe(work: Work): Promise<Outcome> {
  const scheduler = new Scheduler<Clock>();
  scheduler.add(new Sleeper(alarmsOf(work)));
  return { value: await throughput(work, (alarms) => scheduler.run({ maxEvents: alarms }).events) };
}
