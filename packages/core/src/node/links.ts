import {
  type Blocking,
  BodyCodec,
  CodecStream,
  FRAME_TAG_BYTES,
  type Frame,
  FrameWriter,
  type Node,
  TransportError,
} from '@troupe/transport';
import type { Kernel, Outgoing, Outlet } from '../kernel.ts';
import type { AgentId } from '../message.ts';
import type { Traveller } from '../migration.ts';
import { COMMAND, COPY, NONE } from '../queue/event-pool.ts';

/*
 * What clusters tell each other: frames of records, each at a multiple of 8 bytes, little-endian.
 *
 *  message   0      4      6       8      16       24         28          32     36    40      44      46     48
 *           +------+------+-------+------+--------+----------+-----------+------+----+-------+-------+------+- - -
 *           | size | kind | flags | due  | sentAt | dueRound | sentRound | from | to | count | topic | form | body
 *           | u32  | u16  | u16   | f64  | f64    | u32      | i32       | u32  | u32| i32   | u16   | u16  |
 *           +------+------+-------+------+--------+----------+-----------+------+----+-------+-------+------+- - -
 *  the rest | size | kind |   -   | two words    | body
 *
 * Agents and topics are named once per link and have a number from then on.
 */
const MESSAGE = 1;
const DEFINE_ID = 2;
const DEFINE_TOPIC = 3;
const CANCEL = 4;
const FORGET = 5;
const AGENT = 6;

const MESSAGE_HEADER = 48;
const SHORT_HEADER = 16;
const NOBODY = 0xffffffff;

/** How the body of a message is written. */
const PACKED = 0;
const LAYOUT = 1;
const EMPTY = 2;

/** What one direction of a link has named. */
class Outbound {
  readonly writer: FrameWriter;
  /** By index of the agent table: the number on this link, plus 1; 0 is not named yet. */
  numbers = new Int32Array(64);
  nextNumber = 1;
  readonly freeNumbers: number[] = [];
  readonly topics: boolean[] = [];

  constructor(node: Node, to: number) {
    this.writer = new FrameWriter(node, to);
  }
}

class Inbound {
  /** By number: index of the agent table. */
  readonly ids: (number | undefined)[] = [];
  readonly topics: number[] = [];
  readonly stream = new CodecStream();
}

/** The links of one cluster to all others, over a transport's frames. */
export class ClusterLinks implements Outlet {
  /** Messages sent to other clusters, and received from them. */
  sent = 0;
  received = 0;

  readonly #node: Node;
  readonly #kernel: Kernel;
  readonly #codec: BodyCodec;
  /** Number of the window being run; frames carry it. */
  #window = 0;
  readonly #early: { peer: number; frame: Frame }[] = [];
  readonly #out: Outbound[] = [];
  readonly #in: Inbound[] = [];

  constructor(node: Node, kernel: Kernel) {
    this.#node = node;
    this.#kernel = kernel;
    this.#codec = new BodyCodec({ trusted: node.trusted });
    for (let peer = 0; peer < node.size; peer += 1) {
      this.#out.push(new Outbound(node, peer));
      this.#in.push(new Inbound());
    }
  }

  send(cluster: number, message: Outgoing): void {
    const out = this.#out[cluster] as Outbound;
    const { writer } = out;
    const from = this.#numberOf(out, message.sender);
    const to = message.receiver === NONE ? NOBODY : this.#numberOf(out, message.receiver);
    if (out.topics[message.topic] !== true) this.#defineTopic(out, message.topic);
    const plain = (message.flags & (COMMAND | COPY)) === 0;
    const layout = plain ? this.#kernel.topics.layout(message.topic) : undefined;
    let at: number;
    let end: number;
    let form: number;
    if (layout !== undefined) {
      at = writer.open(MESSAGE_HEADER + layout.maxBytes);
      end = layout.encode(message.body, writer.view, writer.bytes, at + MESSAGE_HEADER);
      form = LAYOUT;
    } else if (message.body === undefined) {
      at = writer.open(MESSAGE_HEADER);
      end = at + MESSAGE_HEADER;
      form = EMPTY;
    } else {
      at = writer.openPacked(MESSAGE_HEADER, this.#codec, message.body);
      end = writer.bodyEnd;
      form = PACKED;
    }
    const { view } = writer;
    view.setUint32(at, end - at, true);
    view.setUint16(at + 4, MESSAGE, true);
    view.setUint16(at + 6, message.flags, true);
    view.setFloat64(at + 8, message.due, true);
    view.setFloat64(at + 16, message.sentAt, true);
    view.setUint32(at + 24, message.dueRound, true);
    view.setInt32(at + 28, message.sentRound, true);
    view.setUint32(at + 32, from, true);
    view.setUint32(at + 36, to, true);
    view.setInt32(at + 40, message.count, true);
    view.setUint16(at + 44, message.topic, true);
    view.setUint16(at + 46, form, true);
    writer.close(end);
    this.sent += 1;
  }

  cancel(cluster: number, sender: number, count: number): void {
    const out = this.#out[cluster] as Outbound;
    const from = this.#numberOf(out, sender);
    this.#short(out, CANCEL, from, count);
  }

  move(cluster: number, traveller: Traveller): void {
    this.#packed(this.#out[cluster] as Outbound, AGENT, 0, traveller);
  }

  /** Ends a window: sends what was written to all clusters, waiting for those that are behind. */
  flush(): Blocking<void> {
    const flushed = this.#flushAll();
    if (flushed instanceof Promise) return flushed.then(() => this.#nextWindow());
    this.#nextWindow();
  }

  #nextWindow(): void {
    this.#window += 1;
    for (const out of this.#out) out.writer.tag = this.#window;
  }

  #flushAll(): Blocking<void> {
    for (let peer = 0; peer < this.#out.length; peer += 1) {
      if (peer === this.#node.id) continue;
      const flushed = (this.#out[peer] as Outbound).writer.flush();
      if (flushed instanceof Promise) return flushed.then(() => this.#flushAll());
    }
  }

  /**
   * Takes in what was sent before the barrier. A peer may have run on and sent more already: that is kept for the next
   * barrier, or it would be known here earlier than there.
   */
  drain(): void {
    const early = this.#early.splice(0);
    for (const { peer, frame } of early) this.#readFrame(peer, frame);
    this.#node.receive(this.#readFrame);
  }

  mark(inUse: Uint8Array): void {
    for (const inbound of this.#in) {
      for (const index of inbound.ids) if (index !== undefined) inUse[index] = 1;
    }
  }

  forget(indexes: readonly number[]): void {
    for (let peer = 0; peer < this.#out.length; peer += 1) {
      if (peer === this.#node.id) continue;
      const out = this.#out[peer] as Outbound;
      const numbers: number[] = [];
      for (const index of indexes) {
        const number = index < out.numbers.length ? (out.numbers[index] as number) : 0;
        if (number === 0) continue;
        numbers.push(number - 1);
        out.numbers[index] = 0;
      }
      if (numbers.length === 0) continue;
      for (const number of numbers) out.freeNumbers.push(number);
      this.#packed(out, FORGET, 0, numbers);
    }
  }

  #numberOf(out: Outbound, index: number): number {
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
    this.#packed(out, DEFINE_ID, number, this.#kernel.table.ids[index]);
    return number;
  }

  #defineTopic(out: Outbound, topic: number): void {
    out.topics[topic] = true;
    this.#packed(out, DEFINE_TOPIC, topic, this.#kernel.topics.name(topic));
  }

  #packed(out: Outbound, kind: number, number: number, body: unknown): void {
    const { writer } = out;
    const at = writer.openPacked(SHORT_HEADER, this.#codec, body);
    this.#header(writer, at, writer.bodyEnd, kind, number, 0);
  }

  #short(out: Outbound, kind: number, first: number, second: number): void {
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

  readonly #readFrame = (peer: number, frame: Frame): void => {
    const inbound = this.#in[peer] as Inbound;
    const { view, end } = frame;
    if (end - frame.start < FRAME_TAG_BYTES) throw corrupt(peer, `${end - frame.start} bytes`);
    if (view.getFloat64(frame.start, true) >= this.#window) {
      const bytes = Buffer.from(frame.bytes.subarray(frame.start, end));
      const copy = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#early.push({ peer, frame: { bytes, view: copy, start: 0, end: bytes.length } });
      return;
    }
    let at = frame.start + FRAME_TAG_BYTES;
    while (at < end) {
      if (end - at < SHORT_HEADER) throw corrupt(peer, `${end - at} bytes left for a record`);
      const size = view.getUint32(at, true);
      const kind = view.getUint16(at + 4, true);
      if (size < (kind === MESSAGE ? MESSAGE_HEADER : SHORT_HEADER) || size > end - at) {
        throw corrupt(peer, `a record of ${size} bytes with ${end - at} left`);
      }
      if (kind === MESSAGE) this.#readMessage(peer, inbound, frame, at, at + size);
      else this.#readOther(peer, inbound, frame, kind, at, at + size);
      at = (at + size + 7) & -8;
    }
  };

  #readMessage(peer: number, inbound: Inbound, frame: Frame, at: number, end: number): void {
    const { view, bytes } = frame;
    const flags = view.getUint16(at + 6, true);
    const to = view.getUint32(at + 36, true);
    const topic = inbound.topics[view.getUint16(at + 44, true)];
    const sender = inbound.ids[view.getUint32(at + 32, true)];
    const receiver = to === NOBODY ? NONE : inbound.ids[to];
    if (topic === undefined || sender === undefined || receiver === undefined) {
      throw corrupt(peer, 'a message names an agent or a topic that was not introduced');
    }
    const form = view.getUint16(at + 46, true);
    const start = at + MESSAGE_HEADER;
    const layout = form === LAYOUT ? this.#kernel.topics.layout(topic) : undefined;
    if (form === LAYOUT && (layout === undefined || end - start > layout.maxBytes)) {
      throw corrupt(peer, 'a body is in a layout that this model does not declare');
    }
    this.received += 1;
    this.#kernel.accept({
      flags,
      due: view.getFloat64(at + 8, true),
      dueRound: view.getUint32(at + 24, true),
      sentAt: view.getFloat64(at + 16, true),
      sentRound: view.getInt32(at + 28, true),
      sender,
      count: view.getInt32(at + 40, true),
      receiver,
      topic,
      body: form === PACKED ? this.#codec.decode(inbound.stream, bytes, start, end) : undefined,
      ...(form === LAYOUT ? { raw: { bytes, start, end } } : {}),
    });
  }

  #readOther(peer: number, inbound: Inbound, frame: Frame, kind: number, at: number, end: number): void {
    const number = frame.view.getUint32(at + 8, true);
    const body = (): unknown => this.#codec.decode(inbound.stream, frame.bytes, at + SHORT_HEADER, end);
    switch (kind) {
      case DEFINE_ID:
        inbound.ids[number] = this.#kernel.table.indexOf(body() as AgentId);
        return;
      case DEFINE_TOPIC:
        inbound.topics[number] = this.#kernel.topics.indexOf(body() as string);
        return;
      case CANCEL: {
        const sender = inbound.ids[number];
        if (sender === undefined) throw corrupt(peer, 'a recall names an agent that was not introduced');
        this.#kernel.alarms.cancelByCount(sender, frame.view.getInt32(at + 12, true));
        return;
      }
      case AGENT:
        this.#kernel.immigrate(body() as Traveller);
        return;
      case FORGET:
        for (const forgotten of body() as number[]) inbound.ids[forgotten] = undefined;
        return;
      default:
        throw corrupt(peer, `a record of kind ${kind}`);
    }
  }
}

function corrupt(peer: number, what: string): TransportError {
  return new TransportError('ERR_TROUPE_FRAME_CORRUPT', `a frame from node ${peer} cannot be read: ${what}`, {
    node: peer,
  });
}
