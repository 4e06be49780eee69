import type { Node } from '@troupe/transport';
import type { Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';
import { NUMBERS } from './numbers.ts';

/** Both nodes exchange numbers, again and again; node 0 tells microseconds per exchange, and by the first number when it is enough. */
export default async function program(node: Node): Promise<void> {
  const values = new Float64Array(NUMBERS);
  const meet = async (times: number): Promise<number> => {
    for (let count = 0; count < times; count += 1) {
      const exchanged = node.exchange(values);
      const all = exchanged instanceof Promise ? await exchanged : exchanged;
      if (all[0] === 1) return count;
    }
    return times;
  };
  if (node.id === 1) {
    await meet(Number.POSITIVE_INFINITY);
    return;
  }
  const perSecond = await throughput(node.data as Work, meet);
  values[0] = 1;
  await node.exchange(values);
  node.post(1e6 / perSecond);
}
