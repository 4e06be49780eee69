import { EXCHANGE_WIDTH, type Frame } from '../transport.ts';
import { numbers, peersOf, refusal } from './material.ts';
import type { Scenarios } from './scenario.ts';

/** Numbers that must arrive as they are. */
const SPECIAL = [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, -1.5, 2 ** 53 + 2];

/** The node's side of what the suite says about the collective. */
export const exchanges: Pick<Scenarios, 'rounds' | 'widths' | 'barrier'> = {
  async rounds(node, { rounds, seed }) {
    const next = numbers(seed + node.id * 7919);
    let wrong = 0;
    for (let round = 0; round < rounds; round += 1) {
      const width = round % (EXCHANGE_WIDTH + 1);
      await dawdle(next(500), () => node.breathe());
      const all = await node.exchange(
        Float64Array.from({ length: width }, (_, cell) => value(node.id, round, cell)),
      );
      if (all.length !== width * node.size) wrong += 1;
      for (let id = 0; id < node.size; id += 1) {
        for (let cell = 0; cell < width; cell += 1) {
          if (!Object.is(all[id * width + cell], value(id, round, cell))) wrong += 1;
        }
      }
    }
    node.post({ rounds, wrong });
  },

  async widths(node, { widths, last }) {
    const tooWide = await refusal(() => node.exchange(new Float64Array(EXCHANGE_WIDTH + 1)));
    // Being refused was no part of an exchange: all are still at the same one.
    const all = [...(await node.exchange(Float64Array.of(node.id)))];
    const values = new Float64Array(widths[node.id] as number).fill(last);
    const uneven = await refusal(() => node.exchange(values));
    node.post({ tooWide, all, uneven: uneven?.code });
    // A node that ends would be lost to those who are still looking.
    await node.nextMessage();
  },

  async barrier(node, options) {
    let late = 0;
    const counts = new Uint32Array(options.rounds + 1);
    const count = (_from: number, { bytes, start }: Frame): void => {
      const round = bytes.readUInt32LE(start);
      counts[round] = (counts[round] as number) + 1;
    };
    const frame = Buffer.alloc(100);
    const expected = options.frames * (node.size - 1);
    for (let round = 0; round < options.rounds; round += 1) {
      frame.writeUInt32LE(round);
      for (let index = 0; index < options.frames; index += 1) {
        for (const peer of peersOf(node)) await node.push(peer, frame);
      }
      await node.exchange(Float64Array.of(round));
      // A fast peer's frames of the next round may come with those of this one.
      node.receive(count);
      if (counts[round] !== expected) late += 1;
    }
    node.post({ late });
  },
};

function value(id: number, round: number, cell: number): number {
  const special = SPECIAL[(round + cell) % 40];
  return special ?? id * 1e6 + round * 100 + cell;
}

/** Nodes come to the barrier at different times, in different orders. */
async function dawdle(steps: number, breathe: () => Promise<void> | undefined): Promise<void> {
  if (steps % 10 === 0) await breathe();
  let sum = 0;
  for (let step = 0; step < steps * 20; step += 1) sum += Math.sqrt(step);
  if (sum < 0) throw new Error('unreachable: keeps the loop');
}
