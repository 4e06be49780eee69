import { Agent, type Message, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

type Rally = { ball: number };

const PAIRS = 100;

class Player extends Agent<Rally> {
  readonly #other: number;
  readonly #serves: boolean;

  constructor(id: number, other: number, serves: boolean) {
    super(id);
    this.#other = other;
    this.#serves = serves;
  }

  override setup(): void {
    if (this.#serves) this.send(this.#other, 'ball', 0, 1);
  }

  override receive({ body }: Message<Rally>): void {
    this.send(this.#other, 'ball', body + 1, 1);
  }
}

class Watcher extends Agent<Rally> {
  seen = 0;

  override setup(): void {
    this.subscribe({ topic: 'ball' });
  }

  override receive(): void {
    this.seen += 1;
  }
}

/** Pairs of agents that send a ball to and fro; `watched`: somebody is subscribed to balls and gets a copy of each. */
export async function troupe(work: Work, watched: boolean): Promise<Outcome> {
  const scheduler = new Scheduler<Rally>();
  if (watched) scheduler.add(new Watcher('watcher'));
  for (let pair = 0; pair < PAIRS; pair += 1) {
    scheduler.add(new Player(2 * pair, 2 * pair + 1, true));
    scheduler.add(new Player(2 * pair + 1, 2 * pair, false));
  }
  // Copies are not counted: the figure is of messages that players sent.
  const copies = watched ? 2 : 1;
  const value = await throughput(
    work,
    (messages) => scheduler.run({ maxEvents: messages * copies }).events / copies,
  );
  return { value };
}
