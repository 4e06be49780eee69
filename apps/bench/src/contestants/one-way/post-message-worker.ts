import { parentPort, workerData } from 'node:worker_threads';
import { throughput } from '../../harness/throughput.ts';
import type { Side } from '../worker-pair.ts';
import { type Body, kindOf } from './bodies.ts';
import { type Errand, Tally } from './errand.ts';

/** The peer: one `postMessage` per message, or per `batch` messages. */
const { port, measures, data } = workerData as Side<Errand & { readonly batch: number }>;
const { size, batch, work } = data;

if (measures) await receive();
else send();

function send(): void {
  const { make } = kindOf(size);
  let sent = 0;
  port.on('message', (wanted: number) => {
    for (const end = sent + wanted; sent < end; ) {
      if (batch === 1) {
        port.postMessage(make(sent));
        sent += 1;
        continue;
      }
      const bodies: Body[] = [];
      for (const last = Math.min(sent + batch, end); sent < last; sent += 1) bodies.push(make(sent));
      port.postMessage(bodies);
    }
  });
}

async function receive(): Promise<void> {
  const tally = new Tally();
  let end = 0;
  let done = (): void => {};
  port.on('message', (message: Body | Body[]) => {
    if (Array.isArray(message)) for (const body of message) tally.take(body);
    else tally.take(message);
    if (tally.received === end) done();
  });
  const value = await throughput(work, async (messages) => {
    end += messages;
    await new Promise<void>((resolve) => {
      done = resolve;
      port.postMessage(messages);
    });
    return messages;
  });
  parentPort?.postMessage(value);
}
