import { crc32 } from 'node:zlib';
import type { Frame, Node } from '../transport.ts';

/** Numbers from 0 up to but not including `bound`, the same for the same seed (mulberry32). */
export function numbers(seed: number): (bound: number) => number {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** Random bytes, the same for the same seed. */
export function noise(length: number, seed: number): Buffer {
  const next = numbers(seed);
  const bytes = Buffer.alloc((length + 3) & -4);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(next(2 ** 32), at);
  return bytes.subarray(0, length);
}

/** Bytes of a numbered frame before its payload: number and checksum. */
export const NUMBERED_BYTES = 8;

/** Writes a frame of `length` bytes that tells its number and whether it is whole; at least {@link NUMBERED_BYTES}. */
export function writeNumbered(bytes: Buffer, length: number, number: number, payload: Buffer): void {
  const from = (number * 13) % (payload.length - length + NUMBERED_BYTES + 1);
  payload.copy(bytes, NUMBERED_BYTES, from, from + length - NUMBERED_BYTES);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(NUMBERED_BYTES, length), number), 4);
}

/** The numbered frames of all peers, as they come: complains of one that is damaged, missing, or out of order. */
export class Receipts {
  received = 0;
  readonly #next: number[] = [];

  readonly check = (from: number, frame: Frame): void => {
    const { bytes, start, end } = frame;
    const expected = this.#next[from] ?? 0;
    const number = bytes.readUInt32LE(start);
    if (number !== expected) throw new Error(`frame ${number} of node ${from} came in place of ${expected}`);
    if (bytes.readUInt32LE(start + 4) !== crc32(bytes.subarray(start + NUMBERED_BYTES, end), number)) {
      throw new Error(`frame ${number} of node ${from}, ${end - start} bytes, is damaged`);
    }
    this.#next[from] = expected + 1;
    this.received += 1;
  };
}

/** Reads until `done`, waiting where nothing is there. */
export async function readUntil(
  node: Node,
  handler: (from: number, frame: Frame) => void,
  done: () => boolean,
): Promise<void> {
  while (!done()) if (node.receive(handler) === 0) await node.wait(1000);
}

/** The ids of all nodes but this one. */
export function peersOf(node: Node): number[] {
  return Array.from({ length: node.size }, (_, id) => id).filter((id) => id !== node.id);
}

/** What a test compares of an error. */
export interface Refusal {
  readonly code: unknown;
  readonly node: unknown;
  readonly value: unknown;
  readonly message: string;
}

/** How `attempt` is refused; undefined when it is not. */
export async function refusal(attempt: () => unknown): Promise<Refusal | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    const { code, node, value, message } = error as Error & Partial<Refusal>;
    return { code, node, value, message };
  }
}
