import { FRAME_TAG_BYTES, type Frame, type Node } from '@troupe/transport';
import type { AgentTable } from '../agent-table.ts';
import { type AgentId, OUTSIDE } from '../message.ts';
import {
  corrupt,
  EMPTY,
  type Inbound,
  LAYOUT,
  MESSAGE,
  NamedLinks,
  type Outbound,
  PACKED,
} from '../node/named-links.ts';
import type { Topics } from '../topics.ts';
import type { LiveCommand, Parcel } from './parcels.ts';
import type { Probe } from './wait-graph.ts';

/*
 * What clusters tell each other in live mode: frames of records, each at a multiple of 8 bytes, little-endian. The tag
 * of a frame is 0.
 *
 *  message   0      4      6      8        16     20         24      26     28     32
 *           +------+------+------+--------+------+----------+-------+------+------+- - -
 *           | size | kind | copy | sentAt | from | receiver | topic | form |  -   | body
 *           | u32  | u16  | u16  | f64    | u32  | u32      | u16   | u16  | u32  |
 *           +------+------+------+--------+------+----------+-------+------+------+- - -
 *
 * Names and the records that are no messages: see NamedLinks. A copy for a subscriber holds the addressee beside the
 * body; a broadcast has no receiver.
 */
const MESSAGE_HEADER = 32;
const NOBODY = 0xffffffff;

const COMMAND = 16;
const FROM_OUTSIDE = 17;
const HOLD = 18;
const RELEASE = 19;
const REFUSED = 20;
const PROBE = 21;
const READY = 22;
const ARRIVED = 23;

/** Bytes of frames that may be kept for one link before those who send over it wait. */
const BACKLOG = 256 * 1024;

type MessageParcel = Extract<Parcel, { kind: 'message' }>;

/** The links of one live cluster to all others, over a transport's frames. */
export class LiveLinks extends NamedLinks {
  readonly #table: AgentTable;
  readonly #topics: Topics;
  readonly #accept: (parcel: Parcel) => void;

  /** @param accept takes in what has come, in the order of each link */
  constructor(node: Node, table: AgentTable, topics: Topics, accept: (parcel: Parcel) => void) {
    super(node, table, topics, MESSAGE_HEADER);
    this.#table = table;
    this.#topics = topics;
    this.#accept = accept;
  }

  /** Whether so much is kept for a link that those who send over it should wait. */
  isFull(cluster: number): boolean {
    return (this.out[cluster] as Outbound).writer.backlog > BACKLOG;
  }

  /** Sends what was written, as far as there is room; tells of each link that has kept nothing. */
  offer(onRoom: (cluster: number) => void): void {
    for (let cluster = 0; cluster < this.out.length; cluster += 1) {
      if (cluster === this.node.id) continue;
      if ((this.out[cluster] as Outbound).writer.offer()) onRoom(cluster);
    }
  }

  /** Takes in a frame. */
  readonly read = (peer: number, frame: Frame): void => {
    if (frame.end - frame.start < FRAME_TAG_BYTES) throw corrupt(peer, `${frame.end - frame.start} bytes`);
    this.readRecords(peer, frame);
  };

  /** Writes a parcel; it leaves with the next {@link offer}. */
  carry(cluster: number, parcel: Parcel): void {
    const out = this.out[cluster] as Outbound;
    switch (parcel.kind) {
      case 'message':
        this.#message(out, parcel);
        return;
      case 'command':
        this.packed(out, COMMAND, this.#name(out, parcel.from), 0, parcel.command);
        return;
      case 'outside': {
        const { ticket, to, topic, body, sentAt } = parcel;
        this.packed(out, FROM_OUTSIDE, 0, 0, [ticket, to, topic, body, sentAt]);
        return;
      }
      case 'hold':
      case 'release': {
        const kind = parcel.kind === 'hold' ? HOLD : RELEASE;
        this.short(out, kind, this.#name(out, parcel.sender), this.#name(out, parcel.receiver));
        return;
      }
      case 'refused': {
        const { sender, receiver, topic } = parcel;
        this.packed(out, REFUSED, this.#name(out, sender), this.#name(out, receiver), topic);
        return;
      }
      case 'arrived':
        this.short(out, ARRIVED, this.#name(out, parcel.sender), parcel.count);
        return;
      case 'probe':
        this.packed(out, PROBE, 0, 0, parcel.probe);
        return;
      default:
        this.short(out, READY, 0, 0);
    }
  }

  #name(out: Outbound, id: AgentId): number {
    return this.numberOf(out, this.#table.indexOf(id));
  }

  #message(out: Outbound, parcel: MessageParcel): void {
    const { writer } = out;
    const from = parcel.from === OUTSIDE ? NOBODY : this.#name(out, parcel.from);
    const receiver = parcel.receiver === undefined ? NOBODY : this.#name(out, parcel.receiver);
    const topic = this.#topics.indexOf(parcel.topic);
    if (out.topics[topic] !== true) this.introduceTopic(out, topic);
    const isCopy = parcel.to !== parcel.receiver;
    const layout = isCopy ? undefined : this.#topics.layout(topic);
    let at: number;
    let end: number;
    let form: number;
    if (layout !== undefined) {
      at = writer.open(MESSAGE_HEADER + layout.maxBytes);
      end = layout.encode(parcel.body, writer.view, writer.bytes, at + MESSAGE_HEADER);
      form = LAYOUT;
    } else if (parcel.body === undefined && !isCopy) {
      at = writer.open(MESSAGE_HEADER);
      end = at + MESSAGE_HEADER;
      form = EMPTY;
    } else {
      const body = isCopy ? [parcel.to, parcel.body] : parcel.body;
      at = writer.openPacked(MESSAGE_HEADER, this.codec, body);
      end = writer.bodyEnd;
      form = PACKED;
    }
    const { view } = writer;
    view.setUint32(at, end - at, true);
    view.setUint16(at + 4, MESSAGE, true);
    view.setUint16(at + 6, isCopy ? 1 : 0, true);
    view.setFloat64(at + 8, parcel.sentAt, true);
    view.setUint32(at + 16, from, true);
    view.setUint32(at + 20, receiver, true);
    view.setUint16(at + 24, topic, true);
    view.setUint16(at + 26, form, true);
    view.setUint32(at + 28, 0, true);
    writer.close(end);
  }

  protected override readMessage(
    peer: number,
    inbound: Inbound,
    frame: Frame,
    at: number,
    end: number,
  ): void {
    const { view, bytes } = frame;
    const isCopy = view.getUint16(at + 6, true) !== 0;
    const sender = view.getUint32(at + 16, true);
    const number = view.getUint32(at + 20, true);
    const from = sender === NOBODY ? OUTSIDE : this.#nameOf(peer, inbound, sender);
    const receiver = number === NOBODY ? undefined : this.#nameOf(peer, inbound, number);
    const topic = inbound.topics[view.getUint16(at + 24, true)];
    if (topic === undefined) throw corrupt(peer, 'a message has a topic that was not introduced');
    const form = view.getUint16(at + 26, true);
    const start = at + MESSAGE_HEADER;
    let body: unknown;
    if (form === PACKED) {
      body = this.codec.decode(inbound.stream, bytes, start, end);
    } else if (form === LAYOUT) {
      const layout = this.#topics.layout(topic);
      if (layout === undefined || end - start > layout.maxBytes) {
        throw corrupt(peer, 'a body is in a layout that this model does not declare');
      }
      body = layout.decode(view, bytes, start);
    }
    let to = receiver;
    if (isCopy) [to, body] = body as [AgentId | undefined, unknown];
    const sentAt = view.getFloat64(at + 8, true);
    this.#accept({ kind: 'message', from, receiver, to, topic: this.#topics.name(topic), body, sentAt });
  }

  protected override readRecord(
    peer: number,
    inbound: Inbound,
    kind: number,
    first: number,
    second: number,
    body: () => unknown,
  ): void {
    const name = (number: number): AgentId => this.#nameOf(peer, inbound, number);
    switch (kind) {
      case COMMAND:
        this.#accept({ kind: 'command', from: name(first), command: body() as LiveCommand });
        return;
      case FROM_OUTSIDE: {
        const [ticket, to, topic, inner, sentAt] = body() as [number, AgentId, string, unknown, number];
        this.#accept({ kind: 'outside', ticket, to, topic, body: inner, sentAt });
        return;
      }
      case HOLD:
      case RELEASE: {
        const what = kind === HOLD ? 'hold' : 'release';
        this.#accept({ kind: what, sender: name(first), receiver: name(second) });
        return;
      }
      case REFUSED: {
        const topic = body() as string;
        this.#accept({ kind: 'refused', sender: name(first), receiver: name(second), topic });
        return;
      }
      case ARRIVED:
        this.#accept({ kind: 'arrived', sender: name(first), count: second });
        return;
      case PROBE:
        this.#accept({ kind: 'probe', probe: body() as Probe });
        return;
      case READY:
        this.#accept({ kind: 'ready' });
        return;
      default:
        throw corrupt(peer, `a record of kind ${kind}`);
    }
  }

  #nameOf(peer: number, inbound: Inbound, number: number): AgentId {
    const index = inbound.ids[number];
    if (index === undefined) throw corrupt(peer, 'a record names an agent that was not introduced');
    return this.#table.ids[index] as AgentId;
  }
}
