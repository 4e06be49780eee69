import { EventEmitter } from 'node:events';
import type { Outcome, Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { listenersOf } from './number.ts';

class Listener {
  heard = 0;

  constructor(radio: EventEmitter) {
    radio.on('news', () => {
      this.heard += 1;
    });
  }
}

export async function eventEmitter(work: Work): Promise<Outcome> {
  const radio = new EventEmitter();
  const size = listenersOf(work);
  radio.setMaxListeners(size);
  for (let index = 0; index < size; index += 1) new Listener(radio);
  let sent = 0;
  const value = await throughput(work, (events) => {
    let heard = 0;
    for (; heard < events; heard += size) {
      sent += 1;
      radio.emit('news', sent);
    }
    return heard;
  });
  return { value };
}
