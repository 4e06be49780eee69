import {
  BodyCodec,
  CodecStream,
  FRAME_TAG_BYTES,
  type Frame,
  FrameWriter,
  type Node,
  TransportError,
} from '@troupe/transport';
import type { AgentTable } from '../agent-table.ts';
import type { AgentId } from '../message.ts';
import type { Topics } from '../topics.ts';

/*
 * Frames of records, each at a multiple of 8 bytes, little-endian: messages, with a header of their own, and the rest.
 *
 *           0      4      6       8       12       16
 *           +------+------+-------+-------+--------+- - -
 *  the rest | size | kind |   -   | first | second | body
 *           | u32  | u16  | u16   | u32   | i32    |
 *           +------+------+-------+-------+--------+- - -
 *
 * Agents and topics are named once per link and have a number from then on.
 */
export const MESSAGE = 1;
const DEFINE_ID = 2;
const DEFINE_TOPIC = 3;
const FORGET = 5;

/** Bytes before the body of a record that is no message. */
const SHORT_HEADER = 16;

/** How the body of a message is written. */
export const PACKED = 0;
export const LAYOUT = 1;
export const EMPTY = 2;

/** What one direction of a link has named. */
export class Outbound {
  readonly writer: FrameWriter;
  /** By index of the agent table: the number on this link, plus 1; 0 is not named yet. */
  numbers: Int32Array<ArrayBuffer> = new Int32Array(64);
  nextNumber = 1;
  readonly freeNumbers: number[] = [];
  readonly topics: boolean[] = [];

  constructor(node: Node, to: number) {
    this.writer = new FrameWriter(node, to);
  }
}

export class Inbound {
  /** By number: index of the agent table. */
  readonly ids: (number | undefined)[] = [];
  readonly topics: number[] = [];
  readonly stream: CodecStream = new CodecStream();
}

/** The links of one cluster to all others: records with names that both sides know, to and from frames. */
export abstract class NamedLinks {
  protected readonly node: Node;
  protected readonly codec: BodyCodec;
  protected readonly out: Outbound[] = [];
  protected readonly in: Inbound[] = [];
  readonly #table: AgentTable;
  readonly #topics: Topics;
  readonly #messageHeader: number;

  /** @param messageHeader bytes before the body of a message */
  constructor(node: Node, table: AgentTable, topics: Topics, messageHeader: number) {
    this.node = node;
    this.#table = table;
    this.#topics = topics;
    this.#messageHeader = messageHeader;
    this.codec = new BodyCodec({ trusted: node.trusted });
    for (let peer = 0; peer < node.size; peer += 1) {
      this.out.push(new Outbound(node, peer));
      this.in.push(new Inbound());
    }
  }

  /** Takes in a message, at `at` up to `end`. */
  protected abstract readMessage(peer: number, inbound: Inbound, frame: Frame, at: number, end: number): void;

  /** Takes in a record of another kind, with its two numbers; `body` decodes what follows them. */
  protected abstract readRecord(
    peer: number,
    inbound: Inbound,
    kind: number,
    first: number,
    second: number,
    body: () => unknown,
  ): void;

  /** Marks the indexes of the agent table that the links still hold. */
  mark(inUse: Uint8Array): void {
    for (const inbound of this.in) {
      for (const index of inbound.ids) if (index !== undefined) inUse[index] = 1;
    }
  }

  /** These indexes mean nothing any more. */
  forget(indexes: readonly number[]): void {
    for (let peer = 0; peer < this.out.length; peer += 1) {
      if (peer === this.node.id) continue;
      const out = this.out[peer] as Outbound;
      const numbers: number[] = [];
      for (const index of indexes) {
        const number = index < out.numbers.length ? (out.numbers[index] as number) : 0;
        if (number === 0) continue;
        numbers.push(number - 1);
        out.numbers[index] = 0;
      }
      if (numbers.length === 0) continue;
      for (const number of numbers) out.freeNumbers.push(number);
      this.packed(out, FORGET, 0, 0, numbers);
    }
  }

  /** The number on a link of what has this index in the agent table; introduces it where that was not done yet. */
  protected numberOf(out: Outbound, index: number): number {
    if (index >= out.numbers.length) {
      const larger = new Int32Array(Math.max(index + 1, out.numbers.length * 2));
      larger.set(out.numbers);
      out.numbers = larger;
    }
    const known = out.numbers[index] as number;
    if (known !== 0) return known - 1;
    let number = out.freeNumbers.pop();
    if (number === undefined) {
      number = out.nextNumber;
      out.nextNumber += 1;
    }
    out.numbers[index] = number + 1;
    this.packed(out, DEFINE_ID, number, 0, this.#table.ids[index]);
    return number;
  }

  protected introduceTopic(out: Outbound, topic: number): void {
    out.topics[topic] = true;
    this.packed(out, DEFINE_TOPIC, topic, 0, this.#topics.name(topic));
  }

  /** Writes a record that is no message, with a body. */
  protected packed(out: Outbound, kind: number, first: number, second: number, body: unknown): void {
    const { writer } = out;
    const at = writer.openPacked(SHORT_HEADER, this.codec, body);
    this.#header(writer, at, writer.bodyEnd, kind, first, second);
  }

  /** Writes a record of two numbers. */
  protected short(out: Outbound, kind: number, first: number, second: number): void {
    const at = out.writer.open(SHORT_HEADER);
    this.#header(out.writer, at, at + SHORT_HEADER, kind, first, second);
  }

  #header(writer: FrameWriter, at: number, end: number, kind: number, first: number, second: number): void {
    const { view } = writer;
    view.setUint32(at, end - at, true);
    view.setUint16(at + 4, kind, true);
    view.setUint16(at + 6, 0, true);
    view.setUint32(at + 8, first, true);
    view.setInt32(at + 12, second, true);
    writer.close(end);
  }

  /** Takes in all records of a frame. */
  protected readRecords(peer: number, frame: Frame): void {
    const inbound = this.in[peer] as Inbound;
    const { view, end } = frame;
    let at = frame.start + FRAME_TAG_BYTES;
    while (at < end) {
      if (end - at < SHORT_HEADER) throw corrupt(peer, `${end - at} bytes left for a record`);
      const size = view.getUint32(at, true);
      const kind = view.getUint16(at + 4, true);
      if (size < (kind === MESSAGE ? this.#messageHeader : SHORT_HEADER) || size > end - at) {
        throw corrupt(peer, `a record of ${size} bytes with ${end - at} left`);
      }
      if (kind === MESSAGE) this.readMessage(peer, inbound, frame, at, at + size);
      else this.#readOther(peer, inbound, frame, kind, at, at + size);
      at = (at + size + 7) & -8;
    }
  }

  #readOther(peer: number, inbound: Inbound, frame: Frame, kind: number, at: number, end: number): void {
    const first = frame.view.getUint32(at + 8, true);
    const body = (): unknown => this.codec.decode(inbound.stream, frame.bytes, at + SHORT_HEADER, end);
    switch (kind) {
      case DEFINE_ID:
        inbound.ids[first] = this.#table.indexOf(body() as AgentId);
        return;
      case DEFINE_TOPIC:
        inbound.topics[first] = this.#topics.indexOf(body() as string);
        return;
      case FORGET:
        for (const forgotten of body() as number[]) inbound.ids[forgotten] = undefined;
        return;
      default:
        this.readRecord(peer, inbound, kind, first, frame.view.getInt32(at + 12, true), body);
    }
  }
}

export function corrupt(peer: number, what: string): TransportError {
  return new TransportError('ERR_TROUPE_FRAME_CORRUPT', `a frame from node ${peer} cannot be read: ${what}`, {
    node: peer,
  });
}
