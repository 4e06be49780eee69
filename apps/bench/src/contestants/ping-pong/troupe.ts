import { Agent, type Message, Scheduler } from '@troupe/core';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

type Rally = { ball: number };

class Player extends Agent<Rally> {
  override receive({ from, body }: Message<Rally>): void {
    this.send(from, 'ball', body + 1);
  }
}

class Server extends Player {
  override setup(): void {
    this.send('ben', 'ball', 0);
  }
}

/** Without delay, as the peers: each message is a round of the same instant. */
export async function troupe(work: Work): Promise<Outcome> {
  const scheduler = new Scheduler<Rally>({ roundLimit: Number.POSITIVE_INFINITY });
  scheduler.add(new Server('anna'));
  scheduler.add(new Player('ben'));
  return { value: await throughput(work, (messages) => scheduler.run({ maxEvents: messages }).events) };
}
