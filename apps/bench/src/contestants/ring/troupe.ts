import { Agent, type Message, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { ringSize } from './size.ts';

type Ring = { token: number };

class Link extends Agent<Ring> {
  readonly #next: number;

  constructor(id: number, next: number) {
    super(id);
    this.#next = next;
  }

  override setup(): void {
    this.send(this.#next, 'token', 0);
  }

  override receive({ body }: Message<Ring>): void {
    this.send(this.#next, 'token', body + 1);
  }
}

export async function troupe(work: Work): Promise<Outcome> {
  const size = ringSize(work);
  const scheduler = new Scheduler<Ring>({ roundLimit: Number.POSITIVE_INFINITY });
  for (let id = 0; id < size; id += 1) scheduler.add(new Link(id, (id + 1) % size));
  return { value: await throughput(work, (messages) => scheduler.run({ maxEvents: messages }).events) };
}
