import { Agent, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { listenersOf } from './number.ts';

type Radio = { news: number };

class Sender extends Agent<Radio> {
  #sent = 0;

  override setup(): void {
    this.subscribe({ topic: 'news' });
    this.receive();
  }

  /** It hears itself, once per broadcast. */
  override receive(): void {
    this.#sent += 1;
    this.broadcast('news', this.#sent, 1);
  }
}

class Listener extends Agent<Radio> {
  heard = 0;

  override setup(): void {
    this.subscribe({ topic: 'news' });
  }

  override receive(): void {
    this.heard += 1;
  }
}

export async function troupe(work: Work): Promise<Outcome> {
  const scheduler = new Scheduler<Radio>();
  scheduler.add(new Sender('sender'));
  for (let id = 1; id < listenersOf(work); id += 1) scheduler.add(new Listener(id));
  return { value: await throughput(work, (events) => scheduler.run({ maxEvents: events }).events) };
}
