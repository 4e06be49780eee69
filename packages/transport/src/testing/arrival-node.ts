import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Node } from '../transport.ts';
import { noise, numbers, peersOf, Receipts, writeNumbered } from './material.ts';
import type { Scenarios } from './scenario.ts';

/** Longer than any test may take: who is not woken hangs. */
const HOUR = 3_600_000;

/** The node's side of what the suite says about waiting without blocking. */
export const arrivals: Pick<Scenarios, 'arrivals' | 'room' | 'single' | 'patience' | 'flooded' | 'timeouts'> =
  {
    async arrivals(node, { frames, length, seed }) {
      const next = numbers(seed + node.id);
      const payload = noise(length, node.id);
      const frame = Buffer.alloc(length);
      const receipts = new Receipts();
      const peers = peersOf(node);
      const sent = peers.map(() => 0);
      const expected = frames * peers.length;
      let waits = 0;
      for (;;) {
        const read = node.receive(receipts.check, next(20) + 1);
        let refused = 0;
        peers.forEach((peer, index) => {
          const burst = next(30);
          for (let count = 0; count < burst && (sent[index] as number) < frames; count += 1) {
            writeNumbered(frame, length, sent[index] as number, payload);
            if (!node.send(peer, frame)) {
              refused += 1;
              return;
            }
            sent[index] = (sent[index] as number) + 1;
          }
        });
        const left = sent.filter((count) => count < frames).length;
        if (left === 0 && receipts.received === expected) break;
        // Whatever is left to do needs a peer now: one that sends, or one that makes room.
        if (read === 0 && refused === left) {
          waits += 1;
          await node.arrival(HOUR);
        } else if (next(4) === 0) {
          await turn();
        }
      }
      node.post({ received: receipts.received, waited: waits > 0 });
    },

    async room(node, { length }) {
      if (node.id === 1) {
        // It reads one frame for each message of the host, and sends nothing that could wake node 0.
        while ((await messageOf(node)) !== 'stop') {
          node.receive(() => {}, 1);
          node.post('read');
        }
        return;
      }
      const small = Buffer.alloc(1000);
      const frame = Buffer.alloc(length);
      while (node.send(1, small));
      // One that is accepted all the same is one more that must be read.
      while (node.send(1, frame));
      node.post('full');
      let woken = 0;
      do {
        await node.arrival(HOUR);
        woken += 1;
      } while (!node.send(1, frame));
      node.post({ woken });
      await messageOf(node);
    },

    async single(node) {
      for (let round = 0; ; round += 1) {
        if (node.id === 1) {
          if ((await messageOf(node)) === 'stop') return;
          await node.push(0, Buffer.from(String(round)));
          continue;
        }
        node.post('waiting');
        let text = '';
        while (text === '' && node.takeMessage() === undefined) {
          await node.arrival(HOUR);
          node.receive((_from, { bytes, start, end }) => {
            text = bytes.toString('latin1', start, end);
          });
        }
        if (text === '') return;
        node.post(text);
      }
    },

    async patience(node) {
      const early = await node.arrival(0);
      const late = await node.arrival(5);
      setTimeout(() => node.post('a timer fired'), 1);
      const message = await messageOf(node);
      node.post({ early, late, message });
      // Again, with the message on its way at any moment of the wait.
      for (;;) {
        const more = await messageOf(node);
        if (more === 'stop') return;
        node.post(more);
      }
    },

    async flooded(node) {
      while (!(await node.arrival(HOUR)));
      let fired = false;
      setTimeout(() => {
        fired = true;
      }, 1);
      // The message stays where it is. Bounded: where nodes share the thread of the tests, nobody else could end it.
      let looks = 0;
      while (!fired && looks < 5_000_000) {
        await node.arrival(HOUR);
        looks += 1;
      }
      node.post({ fired });
    },

    async timeouts(node, { rounds, waits }) {
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      let before = 0;
      let early = 0;
      for (let round = 0; round <= rounds; round += 1) {
        const came = await Promise.all(Array.from({ length: waits }, () => node.arrival(40)));
        early += came.filter((some) => some).length;
        await turn();
        collect();
        if (round === 0) before = process.memoryUsage().heapUsed;
      }
      const bytes = (process.memoryUsage().heapUsed - before) / (rounds * waits);
      node.post({ early, leaks: bytes > 40 });
    },
  };

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function messageOf(node: Node): Promise<unknown> {
  for (;;) {
    const message = node.takeMessage();
    if (message !== undefined) return message;
    await node.arrival(HOUR);
  }
}
