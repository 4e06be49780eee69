import { EventEmitter } from 'node:events';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { ringSize } from './size.ts';

interface Letter {
  readonly to: number;
  readonly token: number;
}

/** Emitters whose handlers write letters, delivered when all of the round before have been. */
export async function eventEmitter(work: Work): Promise<Outcome> {
  const size = ringSize(work);
  let outbox: Letter[] = [];
  const links = Array.from({ length: size }, (_, id) => {
    const link = new EventEmitter();
    const next = (id + 1) % size;
    link.on('token', (token: number) => {
      outbox.push({ to: next, token: token + 1 });
    });
    return link;
  });
  for (let id = 0; id < size; id += 1) outbox.push({ to: id, token: 0 });
  const value = await throughput(work, (messages) => {
    let sent = 0;
    while (sent < messages) {
      const round = outbox;
      outbox = [];
      for (const { to, token } of round) links[to]?.emit('token', token);
      sent += round.length;
    }
    return sent;
  });
  return { value };
}
