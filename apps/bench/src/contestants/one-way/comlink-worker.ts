import { parentPort, workerData } from 'node:worker_threads';
import { expose, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { throughput } from '../../harness/throughput.ts';
import type { Side } from '../worker-pair.ts';
import { type Body, kindOf } from './bodies.ts';
import { type Errand, Tally } from './errand.ts';

/** Calls that wait for their answers at a time: a call of Comlink always has one. */
const AHEAD = 256;

/** One side exposes a method that takes messages, the other calls it and tells how many calls were answered. */
const { port, measures, data } = workerData as Side<Errand>;
const endpoint = nodeEndpoint(port);

class Receiver {
  readonly #tally = new Tally();

  take(body: Body): void {
    this.#tally.take(body);
  }
}

if (measures) await send();
else expose(new Receiver(), endpoint);

async function send(): Promise<void> {
  const { make } = kindOf(data.size);
  const receiver = wrap<Receiver>(endpoint);
  let sent = 0;
  const value = await throughput(data.work, async (messages) => {
    for (const end = sent + messages; sent < end; ) {
      const calls: Promise<void>[] = [];
      for (const last = Math.min(sent + AHEAD, end); sent < last; sent += 1) {
        calls.push(receiver.take(make(sent)));
      }
      await Promise.all(calls);
    }
    return messages;
  });
  parentPort?.postMessage(value);
}
