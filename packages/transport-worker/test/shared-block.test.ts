import { RingBuffer } from '@troupe/shm';
import { EXCHANGE_WIDTH, PULSE_CELLS } from '@troupe/transport';
import { describe, expect, it } from 'vitest';
import { SharedBlock } from '../src/shared-block.ts';

const RING = 65_536;

/** Where everything lies: what, from which byte, how many. */
function places(block: SharedBlock): [what: string, from: number, bytes: number][] {
  const all: [string, number, number][] = [];
  const add = (what: string, { byteOffset, byteLength }: ArrayBufferView): void =>
    void all.push([what, byteOffset, byteLength]);
  for (let node = 0; node < block.nodes; node += 1) {
    add(`words ${node}`, block.words(node));
    add(`pulse ${node}`, block.pulse(node));
    for (const parity of [0, 1]) add(`given ${node} ${parity}`, block.given(node, parity));
    for (let to = 0; to < block.nodes; to += 1) {
      if (to === node) continue;
      all.push([`ring ${node} ${to}`, block.ring(node, to).byteOffset, RingBuffer.bytesFor(RING)]);
    }
  }
  add('bulky', block.bulky());
  return all;
}

describe('the block that nodes share', () => {
  it.each([1, 2, 3, 8])('has a place of its own for everything of %i nodes', (nodes) => {
    const block = SharedBlock.create(nodes, RING);
    const sorted = places(block).sort((a, b) => a[1] - b[1]);
    for (const [index, [what, from, bytes]] of sorted.entries()) {
      const [next, start] = sorted[index + 1] ?? ['the end', block.buffer.byteLength];
      expect(from + bytes, `${what} reaches into ${next}`).toBeLessThanOrEqual(start);
    }
    expect(sorted).toHaveLength(nodes * (4 + nodes - 1) + 1);
  });

  it('is laid out alike by the host and by each node', () => {
    const host = SharedBlock.create(3, RING);
    const node = SharedBlock.attach(host.buffer, 3, RING);
    expect(places(node)).toEqual(places(host));
    host.doorbell(2).ring();
    expect([0, 1, 2].map((id) => node.doorbell(id).sequence)).toEqual([0, 0, 1]);
    expect([node.words(2)[0], node.words(1)[0]]).toEqual([0, 0]);
    host.ring(2, 0).write(Buffer.from('from 2 to 0'));
    expect(node.ring(0, 2).pending).toBe(0);
    expect(
      node.ring(2, 0).read((bytes, _view, start, end) => {
        expect(bytes.toString('latin1', start, end)).toBe('from 2 to 0');
      }),
    ).toBe(1);
  });

  it('has room for the widest exchange and all cells of a pulse', () => {
    const block = SharedBlock.create(2, RING);
    expect(block.pulse(1)).toHaveLength(PULSE_CELLS);
    // One more for how many numbers there are.
    expect(block.given(1, 1)).toHaveLength(EXCHANGE_WIDTH + 1);
  });
});
