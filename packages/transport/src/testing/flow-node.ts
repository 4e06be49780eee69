import type { Frame } from '../transport.ts';
import { NUMBERED_BYTES, noise, peersOf, Receipts, readUntil, writeNumbered } from './material.ts';
import type { Scenarios } from './scenario.ts';

const LAST = 'the last';

/** The node's side of what the suite says about links that are full. */
export const flow: Pick<Scenarios, 'flood' | 'bothWays' | 'lateReader' | 'legacy'> = {
  async flood(node, { length, most }) {
    if (node.id === 0) {
      const frame = Buffer.alloc(length);
      let accepted = 0;
      const more = (): boolean => {
        if (length >= 4) frame.writeUInt32LE(accepted);
        return accepted <= most && node.send(1, frame);
      };
      while (more()) accepted += 1;
      const claimable = length <= node.claimLimit && node.claim(1, length) !== undefined;
      node.post({ accepted, claimable, again: node.send(1, frame) });
      await node.push(1, Buffer.from(LAST));
      return;
    }
    // It does not read until the host says so: the event loop runs, the links stay full.
    await node.nextMessage();
    let read = 0;
    let ordered = true;
    let over = false;
    const handler = (_from: number, { bytes, start, end }: Frame): void => {
      if (end - start === LAST.length && bytes.toString('latin1', start, end) === LAST) {
        over = true;
        return;
      }
      if (over || (length >= 4 && bytes.readUInt32LE(start) !== read)) ordered = false;
      read += 1;
    };
    await readUntil(node, handler, () => over);
    node.post({ read, ordered });
  },

  async bothWays(node, { bytes, length }) {
    const receipts = new Receipts();
    const payload = noise(length, node.id);
    const frame = Buffer.alloc(length);
    const frames = Math.ceil(bytes / length);
    for (let number = 0; number < frames; number += 1) {
      writeNumbered(frame, length, number, payload);
      for (const peer of peersOf(node)) await node.push(peer, frame);
    }
    node.post('pushed');
    const expected = frames * (node.size - 1);
    await readUntil(node, receipts.check, () => receipts.received === expected);
    node.post(receipts.received);
  },

  async lateReader(node, { frames, length }) {
    const frame = Buffer.alloc(length);
    const payload = noise(length, 1);
    if (node.id === 0) {
      for (let number = 0; number < frames; number += 1) {
        writeNumbered(frame, length, number, payload);
        for (const peer of peersOf(node)) await node.push(peer, frame);
      }
    }
    await node.exchange(Float64Array.of(node.id));
    const receipts = new Receipts();
    // Everything is there already.
    while (node.receive(receipts.check) > 0);
    node.post(receipts.received);
  },

  async legacy(node, { lengths }) {
    if (node.id === 0) {
      const payload = noise(Math.max(...lengths), 1);
      for (const [number, length] of lengths.entries()) {
        const frame = Buffer.alloc(NUMBERED_BYTES + length);
        writeNumbered(frame, frame.length, number, payload);
        await node.push(1, frame);
      }
      return;
    }
    // The host says so when node 0 has ended.
    await node.nextMessage();
    const receipts = new Receipts();
    await readUntil(node, receipts.check, () => receipts.received === lengths.length);
    node.post(receipts.received);
  },
};
