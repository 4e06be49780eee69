import { parentPort, workerData } from 'node:worker_threads';
import type { Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import type { Side } from '../worker-pair.ts';
import { NUMBERS } from './numbers.ts';

/** Looks before a side sleeps, where each can have a core of its own: as many as the transport's. */
const SPINS = 20_000;
const ARRIVED = 0;
const ROUND = 1;

/** A barrier of two by hand: the one that comes last opens it for both. Values alternate between two places. */
const { measures, data } = workerData as Side<{ readonly memory: SharedArrayBuffer; readonly work: Work }>;
const cells = new Int32Array(data.memory, 0, 2);
const values = new Float64Array(data.memory, 8);
const own = measures ? 0 : NUMBERS;
const all = new Float64Array(2 * NUMBERS);
const mine = new Float64Array(NUMBERS);

function meet(): void {
  const round = Atomics.load(cells, ROUND);
  const place = (round & 1) * 2 * NUMBERS;
  values.set(mine, place + own);
  if (Atomics.add(cells, ARRIVED, 1) === 1) {
    Atomics.store(cells, ARRIVED, 0);
    Atomics.store(cells, ROUND, round + 1);
    Atomics.notify(cells, ROUND);
  } else {
    let looks = 0;
    while (Atomics.load(cells, ROUND) === round) {
      looks += 1;
      if (looks > SPINS) Atomics.wait(cells, ROUND, round);
    }
  }
  for (let index = 0; index < all.length; index += 1) all[index] = values[place + index] as number;
}

if (measures) {
  const perSecond = await throughput(data.work, (times) => {
    for (let count = 0; count < times; count += 1) meet();
    return times;
  });
  mine[0] = 1;
  meet();
  parentPort?.postMessage(1e6 / perSecond);
} else {
  do meet();
  while (all[0] !== 1);
}
