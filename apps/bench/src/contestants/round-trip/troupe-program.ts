import { FRAME_TAG_BYTES, type Node } from '@troupe/transport';
import type { Work } from '../../harness/suite.ts';
import { throughput } from '../../harness/throughput.ts';

/** Node 1 sends back what node 0 sends; node 0 tells microseconds per round trip. */
export default async function program(node: Node): Promise<void> {
  if (node.id === 0) node.post(await measure(node, node.data as Work));
  else await echo(node);
}

async function measure(node: Node, work: Work): Promise<number> {
  const frame = Buffer.alloc(FRAME_TAG_BYTES + 8);
  let count = 0;
  const perSecond = await throughput(work, async (trips) => {
    for (const end = count + trips; count < end; ) {
      frame.writeDoubleLE(count, FRAME_TAG_BYTES);
      node.send(1, frame);
      const answer = await take(node);
      if (answer !== count) throw new Error(`${answer} came back where ${count} was due`);
      count += 1;
    }
    return trips;
  });
  frame.writeDoubleLE(-1, FRAME_TAG_BYTES);
  node.send(1, frame);
  return 1e6 / perSecond;
}

async function echo(node: Node): Promise<void> {
  const frame = Buffer.alloc(FRAME_TAG_BYTES + 8);
  for (;;) {
    const count = await take(node);
    if (count < 0) return;
    frame.writeDoubleLE(count, FRAME_TAG_BYTES);
    node.send(0, frame);
  }
}

/** The number in the next frame. */
async function take(node: Node): Promise<number> {
  let number = Number.NaN;
  while (
    node.receive((_from, { view, start }) => {
      number = view.getFloat64(start + FRAME_TAG_BYTES, true);
    }) === 0
  ) {
    const waited = node.wait(1000);
    if (waited instanceof Promise) await waited;
  }
  return number;
}
