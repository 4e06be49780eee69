import { BodyCodec, CodecStream } from '../codec.ts';
import { TransportError } from '../errors.ts';
import { FRAME_LIMIT, type Frame, type Node } from '../transport.ts';
import {
  NUMBERED_BYTES,
  noise,
  numbers,
  peersOf,
  Receipts,
  readUntil,
  refusal,
  writeNumbered,
} from './material.ts';
import type { Scenarios } from './scenario.ts';

/** The node's side of what the suite says about frames. */
export const frames: Pick<Scenarios, 'stream' | 'sizes' | 'refusals' | 'noise' | 'handlers'> = {
  async stream(node, options) {
    const receipts = new Receipts();
    const next = numbers(options.seed * 1000 + node.id);
    const payload = noise(options.longest + NUMBERED_BYTES, options.seed);
    const bytes = Buffer.alloc(options.longest + NUMBERED_BYTES);
    for (let number = 0; number < options.frames; number += 1) {
      for (const peer of peersOf(node)) {
        const length = NUMBERED_BYTES + lengthOf(next, options.longest);
        writeNumbered(bytes, length, number, payload);
        await dispatch(node, peer, bytes.subarray(0, length), next(3), receipts);
      }
      node.receive(receipts.check);
    }
    const expected = options.frames * (node.size - 1);
    await readUntil(node, receipts.check, () => receipts.received === expected);
    node.post(receipts.received);
  },

  async sizes(node, { lengths }) {
    const all = [...lengths, node.claimLimit - 1, node.claimLimit, node.claimLimit + 1];
    const got: string[] = [];
    if (node.id === 0) {
      for (const length of all) await node.push(1, noise(length, length));
      return;
    }
    const handler = (_from: number, { bytes, start, end }: Frame): void => {
      const length = end - start;
      const whole = bytes.subarray(start, end).equals(noise(length, length));
      got.push(`${length === all[got.length] ? 'expected' : length} ${whole ? 'whole' : 'damaged'}`);
    };
    await readUntil(node, handler, () => got.length === all.length);
    node.post(got);
  },

  async refusals(node) {
    if (node.id === 1) {
      const got: string[] = [];
      const handler = (_from: number, { bytes, start, end }: Frame): void =>
        void got.push(bytes.toString('utf8', start, end));
      await readUntil(node, handler, () => got.length > 0);
      node.post(got);
      return;
    }
    const long = Buffer.alloc(FRAME_LIMIT + 1);
    node.post({
      limit: node.claimLimit,
      send: await refusal(() => node.send(1, long)),
      push: await refusal(() => node.push(1, long)),
      claim: await refusal(() => node.claim(1, node.claimLimit + 1)),
      self: await refusal(() => node.send(0, Buffer.alloc(1))),
      stranger: await refusal(() => node.push(2, Buffer.alloc(1))),
      strangersClaim: await refusal(() => node.claim(-1, 1)),
    });
    await node.push(1, Buffer.from('all is well'));
  },

  async noise(node, options) {
    const made = Array.from({ length: options.frames }, (_, index) => hostile(options.seed + index));
    if (node.id === 0) {
      for (const bytes of made) await node.push(1, bytes);
      return;
    }
    const codec = new BodyCodec({ trusted: false });
    const outcome = { changed: 0, decoded: 0, refused: 0, other: [] as string[] };
    let received = 0;
    const handler = (_from: number, { bytes, start, end }: Frame): void => {
      if (!bytes.subarray(start, end).equals(made[received] as Buffer)) outcome.changed += 1;
      received += 1;
      try {
        codec.decode(new CodecStream(), bytes, start, end);
        outcome.decoded += 1;
      } catch (error) {
        if (error instanceof TransportError && error.code === 'ERR_TROUPE_FRAME_CORRUPT')
          outcome.refused += 1;
        else outcome.other.push(String(error));
      }
    };
    await readUntil(node, handler, () => received === made.length);
    node.post(outcome);
  },

  async handlers(node) {
    if (node.id === 0) {
      for (const text of ['a', 'b', 'c', 'd']) await node.push(1, Buffer.from(text));
    }
    await node.exchange(Float64Array.of(0));
    if (node.id === 0) return;
    const got: string[] = [];
    const take = (_from: number, { bytes, start }: Frame): void =>
      void got.push(String.fromCharCode(bytes[start] as number));
    const complain = (from: number, frame: Frame): void => {
      take(from, frame);
      throw new Error('the handler does not like it');
    };
    const counts = [node.receive(take, 0), node.receive(take, 1)];
    const thrown = await refusal(() => node.receive(complain));
    counts.push(node.receive(take), node.receive(take));
    node.post({ got, counts, thrown: thrown?.message });
  },
};

/** Mostly short; one in 64 is anything up to the longest. */
function lengthOf(next: (bound: number) => number, longest: number): number {
  return next(next(64) === 0 ? longest : Math.min(longest, 120));
}

/** Sends in one of three ways, reading meanwhile where the link is full. */
async function dispatch(
  node: Node,
  to: number,
  frame: Buffer,
  way: number,
  receipts: Receipts,
): Promise<void> {
  if (way === 0 || (way === 1 && frame.length > node.claimLimit)) return node.push(to, frame);
  while (!(way === 1 ? claimAndCommit(node, to, frame) : node.send(to, frame))) {
    if (node.receive(receipts.check) === 0) await node.wait(1);
  }
}

function claimAndCommit(node: Node, to: number, frame: Buffer): boolean {
  // Room for more than is used: what is over goes back.
  const space = node.claim(to, Math.min(node.claimLimit, frame.length + 5));
  if (space === undefined) return false;
  // By the view and by the bytes: both are the same memory.
  frame.copy(space.bytes);
  space.view.setUint32(0, frame.readUInt32LE(0), true);
  node.commit(to, frame.length);
  return true;
}

/** Random bytes, or a good body with some of its bytes changed. */
function hostile(seed: number): Buffer {
  const next = numbers(seed);
  if (next(2) === 0) return noise(1 + next(200), seed);
  const body = {
    text: 'good',
    list: [1, -0, new Map([[1, { deep: new Set(['a', 2n]) }]])],
    when: new Date(seed),
  };
  const bytes = Buffer.alloc(8192);
  const {
    start,
    end,
    bytes: target,
  } = new BodyCodec({ trusted: false }).encode(new CodecStream(), body, bytes, 0);
  const copy = Buffer.from(target.subarray(start, end - next(3)));
  for (let change = next(4); change >= 0; change -= 1) copy[next(copy.length)] = next(256);
  return copy;
}
