import { EventEmitter } from 'node:events';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

interface Letter {
  readonly to: Player;
  readonly from: Player;
  readonly ball: number;
}

/** Emitting to each other directly would nest without end: what is sent waits until the handler is done. */
const outbox: Letter[] = [];

class Player extends EventEmitter {
  constructor() {
    super();
    this.on('ball', (from: Player, ball: number) => {
      outbox.push({ to: from, from: this, ball: ball + 1 });
    });
  }
}

export async function eventEmitter(work: Work): Promise<Outcome> {
  const anna = new Player();
  const ben = new Player();
  outbox.push({ to: ben, from: anna, ball: 0 });
  const value = await throughput(work, (messages) => {
    for (let sent = 0; sent < messages; sent += 1) {
      const { to, from, ball } = outbox.pop() as Letter;
      to.emit('ball', from, ball);
    }
    return messages;
  });
  return { value };
}
