import { Doorbell, RingBuffer } from '@troupe/shm';
import { EXCHANGE_WIDTH, PULSE_CELLS, TransportError } from '@troupe/transport';

/*
 * One SharedArrayBuffer for a group of n nodes:
 *
 *   per node   doorbell | words                                    64 bytes each
 *   per node   pulse                                               64 bytes
 *   per node   what it gives to exchanges, and how many numbers    2 * 17 * 8 bytes
 *              that is; even and odd
 *   per pair   bulky frames on their way                           4 bytes
 *   per pair   ring of frames, from one node to another            192 bytes and its capacity
 *
 *   words      0  number of the last exchange that the node has entered
 *              1  1 when the node is gone
 *              2  1 while it sleeps until a frame comes
 *              3  1 when someone waits for room in a ring that it reads
 *              4  how many control messages the host has posted to it
 */
export const WORD_EXCHANGE = 0;
export const WORD_GONE = 1;
export const WORD_HUNGRY = 2;
export const WORD_STARVED = 3;
export const WORD_CONTROL = 4;

const LINE = 64;

/** The numbers of one exchange, and how many there are. */
const EXCHANGE_CELLS = EXCHANGE_WIDTH + 1;

/** The places in the block, computed alike by the host and by each node. */
export class SharedBlock {
  readonly buffer: SharedArrayBuffer;
  readonly nodes: number;
  readonly ringBytes: number;

  private constructor(buffer: SharedArrayBuffer, nodes: number, ringBytes: number) {
    this.buffer = buffer;
    this.nodes = nodes;
    this.ringBytes = ringBytes;
  }

  static create(nodes: number, ringBytes: number): SharedBlock {
    const pairs = nodes * (nodes - 1);
    const size = ringsAt(nodes) + pairs * RingBuffer.bytesFor(ringBytes);
    const block = new SharedBlock(allocate(size, nodes, ringBytes), nodes, ringBytes);
    for (let from = 0; from < nodes; from += 1) {
      for (let to = 0; to < nodes; to += 1) {
        if (from !== to) RingBuffer.create(ringBytes, block.buffer, block.#ringAt(from, to));
      }
    }
    return block;
  }

  static attach(buffer: SharedArrayBuffer, nodes: number, ringBytes: number): SharedBlock {
    return new SharedBlock(buffer, nodes, ringBytes);
  }

  doorbell(node: number): Doorbell {
    return new Doorbell(this.buffer, node * 2 * LINE);
  }

  words(node: number): Int32Array {
    return new Int32Array(this.buffer, node * 2 * LINE + LINE, LINE / 4);
  }

  pulse(node: number): Float64Array {
    return new Float64Array(this.buffer, pulsesAt(this.nodes) + node * PULSE_CELLS * 8, PULSE_CELLS);
  }

  /** What `node` gave to the exchanges of even or odd number; how many numbers is in cell {@link EXCHANGE_WIDTH}. */
  given(node: number, parity: number): Float64Array {
    const at = exchangesAt(this.nodes) + (node * 2 + parity) * EXCHANGE_CELLS * 8;
    return new Float64Array(this.buffer, at, EXCHANGE_CELLS);
  }

  /** How many bulky frames are on their way, by pair: index `from * nodes + to`. */
  bulky(): Int32Array {
    return new Int32Array(this.buffer, bulkyAt(this.nodes), this.nodes * this.nodes);
  }

  ring(from: number, to: number): RingBuffer {
    return RingBuffer.attach(this.buffer, this.#ringAt(from, to));
  }

  #ringAt(from: number, to: number): number {
    const pair = from * (this.nodes - 1) + (to > from ? to - 1 : to);
    return ringsAt(this.nodes) + pair * RingBuffer.bytesFor(this.ringBytes);
  }
}

function allocate(size: number, nodes: number, ringBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(size);
  } catch (cause) {
    throw new TransportError(
      'ERR_TROUPE_TRANSPORT_OPTION',
      `rings of ${ringBytes} bytes between each two of ${nodes} nodes take ${size} bytes, which cannot be had: give fewer nodes or a smaller ringBytes`,
      { value: size, cause },
    );
  }
}

function pulsesAt(nodes: number): number {
  return nodes * 2 * LINE;
}

function exchangesAt(nodes: number): number {
  return pulsesAt(nodes) + nodes * PULSE_CELLS * 8;
}

function bulkyAt(nodes: number): number {
  return exchangesAt(nodes) + nodes * 2 * EXCHANGE_CELLS * 8;
}

function ringsAt(nodes: number): number {
  return (bulkyAt(nodes) + nodes * nodes * 4 + LINE - 1) & -LINE;
}
