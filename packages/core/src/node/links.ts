import { type Blocking, FRAME_TAG_BYTES, type Frame, type Node } from '@troupe/transport';
import type { Kernel, Outgoing, Outlet } from '../kernel.ts';
import type { Traveller } from '../migration.ts';
import { COMMAND, COPY, NONE } from '../queue/event-pool.ts';
import {
  corrupt,
  EMPTY,
  type Inbound,
  LAYOUT,
  MESSAGE,
  NamedLinks,
  type Outbound,
  PACKED,
} from './named-links.ts';

/*
 * What clusters tell each other: frames of records, each at a multiple of 8 bytes, little-endian.
 *
 *  message   0      4      6       8      16       24         28          32     36    40      44      46     48
 *           +------+------+-------+------+--------+----------+-----------+------+----+-------+-------+------+- - -
 *           | size | kind | flags | due  | sentAt | dueRound | sentRound | from | to | count | topic | form | body
 *           | u32  | u16  | u16   | f64  | f64    | u32      | i32       | u32  | u32| i32   | u16   | u16  |
 *           +------+------+-------+------+--------+----------+-----------+------+----+-------+-------+------+- - -
 *
 * Names and the records that are no messages: see NamedLinks.
 */
const CANCEL = 4;
const AGENT = 6;

const MESSAGE_HEADER = 48;
const NOBODY = 0xffffffff;

/** The links of one cluster to all others, over a transport's frames. */
export class ClusterLinks extends NamedLinks implements Outlet {
  /** Messages sent to other clusters, and received from them. */
  sent = 0;
  received = 0;

  readonly #kernel: Kernel;
  /** Number of the window being run; frames carry it. */
  #window = 0;
  readonly #early: { peer: number; frame: Frame }[] = [];

  constructor(node: Node, kernel: Kernel) {
    super(node, kernel.table, kernel.topics, MESSAGE_HEADER);
    this.#kernel = kernel;
  }

  send(cluster: number, message: Outgoing): void {
    const out = this.out[cluster] as Outbound;
    const { writer } = out;
    const from = this.numberOf(out, message.sender);
    const to = message.receiver === NONE ? NOBODY : this.numberOf(out, message.receiver);
    if (out.topics[message.topic] !== true) this.introduceTopic(out, message.topic);
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
      at = writer.openPacked(MESSAGE_HEADER, this.codec, message.body);
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
    const out = this.out[cluster] as Outbound;
    const from = this.numberOf(out, sender);
    this.short(out, CANCEL, from, count);
  }

  move(cluster: number, traveller: Traveller): void {
    this.packed(this.out[cluster] as Outbound, AGENT, 0, 0, traveller);
  }

  /** Ends a window: sends what was written to all clusters, waiting for those that are behind. */
  flush(): Blocking<void> {
    const flushed = this.#flushAll();
    if (flushed instanceof Promise) return flushed.then(() => this.#nextWindow());
    this.#nextWindow();
  }

  #nextWindow(): void {
    this.#window += 1;
    for (const out of this.out) out.writer.tag = this.#window;
  }

  #flushAll(): Blocking<void> {
    for (let peer = 0; peer < this.out.length; peer += 1) {
      if (peer === this.node.id) continue;
      const flushed = (this.out[peer] as Outbound).writer.flush();
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
    this.node.receive(this.#readFrame);
  }

  readonly #readFrame = (peer: number, frame: Frame): void => {
    const { view, end } = frame;
    if (end - frame.start < FRAME_TAG_BYTES) throw corrupt(peer, `${end - frame.start} bytes`);
    if (view.getFloat64(frame.start, true) >= this.#window) {
      const bytes = Buffer.from(frame.bytes.subarray(frame.start, end));
      const copy = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#early.push({ peer, frame: { bytes, view: copy, start: 0, end: bytes.length } });
      return;
    }
    this.readRecords(peer, frame);
  };

  protected override readMessage(
    peer: number,
    inbound: Inbound,
    frame: Frame,
    at: number,
    end: number,
  ): void {
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
      body: form === PACKED ? this.codec.decode(inbound.stream, bytes, start, end) : undefined,
      ...(form === LAYOUT ? { raw: { bytes, start, end } } : {}),
    });
  }

  protected override readRecord(
    peer: number,
    inbound: Inbound,
    kind: number,
    first: number,
    second: number,
    body: () => unknown,
  ): void {
    if (kind === AGENT) {
      this.#kernel.immigrate(body() as Traveller);
      return;
    }
    if (kind !== CANCEL) throw corrupt(peer, `a record of kind ${kind}`);
    const sender = inbound.ids[first];
    if (sender === undefined) throw corrupt(peer, 'a recall names an agent that was not introduced');
    this.#kernel.alarms.cancelByCount(sender, second);
  }
}
