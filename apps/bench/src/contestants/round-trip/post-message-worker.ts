import { parentPort, workerData } from 'node:worker_threads';
import type { Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import type { Side } from '../worker-pair.ts';

/** One side posts a number and waits until the other has posted it back. */
const { port, measures, data } = workerData as Side<Work>;

if (measures) await measure();
else port.on('message', (count: number) => port.postMessage(count));

async function measure(): Promise<void> {
  let count = 0;
  let end = 0;
  let done = (): void => {};
  port.on('message', (answer: number) => {
    if (answer !== count) throw new Error(`${answer} came back where ${count} was due`);
    count += 1;
    if (count === end) done();
    else port.postMessage(count);
  });
  const perSecond = await throughput(data, async (trips) => {
    end = count + trips;
    await new Promise<void>((resolve) => {
      done = resolve;
      port.postMessage(count);
    });
    return trips;
  });
  parentPort?.postMessage(1e6 / perSecond);
}
