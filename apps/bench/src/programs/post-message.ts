import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Trade, trade } from './bodies.ts';

/** The peer: one `postMessage` per message, from one worker thread to another. */
const { port, messages, batch, sends } = workerData as {
  port: MessagePort;
  messages: number;
  batch: number;
  sends: boolean;
};

if (sends) {
  port.once('message', () => {
    let gathered: Trade[] = [];
    for (let sent = 0; sent < messages; sent += 1) {
      if (batch === 1) {
        port.postMessage(trade(sent));
        continue;
      }
      gathered.push(trade(sent));
      if (gathered.length === batch || sent === messages - 1) {
        port.postMessage(gathered);
        gathered = [];
      }
    }
    port.once('message', () => port.close());
  });
} else {
  let received = 0;
  let sum = 0;
  const start = performance.now();
  port.on('message', (body: Trade | Trade[]) => {
    for (const one of Array.isArray(body) ? body : [body]) {
      sum += one.id;
      received += 1;
    }
    if (received < messages) return;
    if (sum !== (messages * (messages - 1)) / 2) throw new Error(`the sum of the ids is ${sum}`);
    parentPort?.postMessage(messages / ((performance.now() - start) / 1000));
    port.postMessage('done');
    port.close();
  });
  port.postMessage('go');
}
