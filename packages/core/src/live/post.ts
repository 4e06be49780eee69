import { copyBody, TransportError } from '@troupe/transport';
import type { AgentTable } from '../agent-table.ts';
import type { Directory } from '../directory.ts';
import { show } from '../errors.ts';
import { type AgentId, Delivery, OUTSIDE } from '../message.ts';
import type { Topics } from '../topics.ts';
import type { Mailroom } from './mailroom.ts';
import type { Outbox } from './outbox.ts';
import type { ClusterCounters, Parcel } from './parcels.ts';

/** What the post must know of its cluster. */
export interface PostSurroundings {
  readonly cluster: number;
  readonly clusters: number;
  readonly table: AgentTable;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly counters: ClusterCounters;
  readonly mailroom: Pick<Mailroom, 'deliver' | 'refuseFull' | 'turnAway'>;
  readonly outbox: Pick<Outbox, 'send'>;
}

const NO_COPIES: readonly (readonly [number, unknown])[] = [];

/** Takes messages from agents to the mailboxes of this cluster and to others, with copies for those who are subscribed. */
export class Post {
  readonly #around: PostSurroundings;
  readonly #found = new Set<number>();

  constructor(surroundings: PostSurroundings) {
    this.#around = surroundings;
  }

  /**
   * Sends a message now.
   *
   * @throws {SimulationError} `ERR_TROUPE_MAILBOX_FULL`; then it was sent to nobody
   * @throws {TransportError} where its body cannot be sent
   */
  send(
    from: AgentId,
    to: AgentId,
    topic: string,
    given: unknown,
    sentAt: number,
    direct: boolean,
    ticket?: number,
  ): void {
    const around = this.#around;
    const { table, cluster } = around;
    if (to === OUTSIDE) {
      // Nobody listens there, and no model has a place for it.
      around.mailroom.turnAway(new Delivery(from, to, topic, given, sentAt), to, ticket);
      return;
    }
    const receiver = table.indexOf(to);
    const found = this.#found;
    found.clear();
    if (around.directory.hasSpies && !direct) {
      around.directory.match(from, to, topic, found);
      found.delete(receiver);
    }
    const isHere = table.home[receiver] === cluster;
    try {
      // What is refused, or cannot be sent elsewhere, must not be half sent here.
      around.mailroom.refuseFull(from, topic, receiver);
      for (const index of found) around.mailroom.refuseFull(from, topic, index);
      const body = isHere || found.size > 0 ? this.#asLaidOut(topic, given) : given;
      const copies =
        found.size === 0 ? NO_COPIES : Array.from(found, (index) => [index, copyBody(body)] as const);
      if (!isHere) this.#forward(from, receiver, to, topic, body, sentAt);
      for (const [index, copy] of copies) {
        if (table.home[index] !== cluster) this.#forward(from, index, to, topic, copy, sentAt);
      }
      if (isHere) this.#own(receiver, new Delivery(from, to, topic, body, sentAt), ticket);
      for (const [index, copy] of copies) {
        if (table.home[index] === cluster) this.#own(index, new Delivery(from, to, topic, copy, sentAt));
      }
    } catch (error) {
      throw blame(error, from, topic, `agent ${show(to)}`);
    }
  }

  #forward(from: AgentId, index: number, to: AgentId, topic: string, body: unknown, sentAt: number): void {
    const { table, counters } = this.#around;
    const receiver = table.ids[index] as AgentId;
    const parcel: Parcel = { kind: 'message', from, receiver, to, topic, body, sentAt };
    this.#around.outbox.send(table.home[index] as number, parcel);
    counters.remote += 1;
  }

  #own(receiver: number, letter: Delivery, ticket?: number): void {
    this.#around.counters.local += 1;
    this.#around.mailroom.deliver(receiver, letter, ticket);
  }

  /** Sends to whoever is subscribed, in all clusters. Refused as {@link send} is. */
  broadcast(from: AgentId, topic: string, given: unknown, sentAt: number): void {
    const around = this.#around;
    const found = this.#subscribersHere(from, topic);
    try {
      for (const index of found) around.mailroom.refuseFull(from, topic, index);
      const body = this.#asLaidOut(topic, given);
      for (let cluster = 0; cluster < around.clusters; cluster += 1) {
        if (cluster === around.cluster) continue;
        const parcel: Parcel = {
          kind: 'message',
          from,
          receiver: undefined,
          to: undefined,
          topic,
          body,
          sentAt,
        };
        around.outbox.send(cluster, parcel);
        around.counters.remote += 1;
      }
      around.counters.local += 1;
      this.#fanOut(found, from, topic, body, sentAt);
    } catch (error) {
      throw blame(error, from, topic, 'all');
    }
  }

  /** A message has come from another cluster. */
  accept(message: Extract<Parcel, { kind: 'message' }>): void {
    const { from, receiver, to, topic, body, sentAt } = message;
    if (receiver === undefined) {
      this.#fanOut(this.#subscribersHere(from, topic), from, topic, body, sentAt);
    } else {
      this.#around.mailroom.deliver(
        this.#around.table.indexOf(receiver),
        new Delivery(from, to, topic, body, sentAt),
      );
    }
  }

  #subscribersHere(from: AgentId, topic: string): number[] {
    const { directory, table, cluster } = this.#around;
    const found = this.#found;
    found.clear();
    directory.match(from, undefined, topic, found);
    return [...found].filter((index) => table.home[index] === cluster);
  }

  #fanOut(subscribers: readonly number[], from: AgentId, topic: string, body: unknown, sentAt: number): void {
    for (const index of subscribers) {
      this.#around.mailroom.deliver(index, new Delivery(from, undefined, topic, copyBody(body), sentAt));
    }
  }

  /** What the receiver would see of a body that travels in its layout: the same here as elsewhere. */
  #asLaidOut(topic: string, body: unknown): unknown {
    const layout = this.#around.topics.layout(this.#around.topics.indexOf(topic));
    if (layout === undefined) return body;
    const bytes = Buffer.allocUnsafe(layout.maxBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    layout.encode(body, view, bytes, 0);
    return layout.decode(view, bytes, 0);
  }
}

/** An error about a body does not know whose it is. */
function blame(error: unknown, from: AgentId, topic: string, to: string): unknown {
  if (!(error instanceof TransportError)) return error;
  return new TransportError(
    error.code,
    `agent ${show(from)} sends ${show(topic)} to ${to}: ${error.message}`,
    { value: error.value, cause: error },
  );
}
