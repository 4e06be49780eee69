import type { AgentTable } from './agent-table.ts';
import { compareIds } from './ids.ts';
import type { AgentId } from './message.ts';

/** What a subscription listens to: messages of this sender, to this receiver, of this topic, as far as given. */
export interface Subscription {
  readonly sender?: AgentId;
  readonly receiver?: AgentId;
  readonly topic?: string;
}

const SENDER = 1;
const RECEIVER = 2;
const TOPIC = 4;
/** The kinds of subscription that a broadcast, which has no receiver, can match. */
const WITHOUT_RECEIVER = [TOPIC, SENDER, SENDER | TOPIC] as const;
const ALL = [
  TOPIC,
  RECEIVER,
  SENDER,
  SENDER | TOPIC,
  RECEIVER | TOPIC,
  SENDER | RECEIVER,
  SENDER | RECEIVER | TOPIC,
] as const;

type Key = number | string;

interface Entry {
  readonly subscription: Subscription;
  readonly subscribers: Set<number>;
}

/**
 * Who is subscribed to what, in all clusters: each cluster holds the same at the same simulated instant. Subscribers
 * are indexes of the agent table; what is listened to is held by value, since it need not exist.
 */
export class Directory {
  /** By kind (a mask of SENDER, RECEIVER and TOPIC), by the values that the kind names. */
  readonly #kinds: Map<Key, Entry>[] = Array.from({ length: 8 }, () => new Map());
  /** Subscriptions by subscriber, to end all of them. */
  readonly #bySubscriber = new Map<number, Map<string, Subscription>>();
  readonly #table: AgentTable;

  /** Whether anyone is subscribed to anything. */
  isEmpty = true;
  /** Whether a message to a certain agent can match: while false, sending it asks nothing further. */
  hasSpies = false;

  constructor(table: AgentTable) {
    this.#table = table;
  }

  subscribe(subscriber: number, subscription: Subscription): void {
    const kind = kindOf(subscription);
    const key = keyOf(kind, subscription.sender, subscription.receiver, subscription.topic);
    const entries = this.#kinds[kind] as Map<Key, Entry>;
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { subscription, subscribers: new Set() };
      entries.set(key, entry);
    }
    entry.subscribers.add(subscriber);
    let own = this.#bySubscriber.get(subscriber);
    if (own === undefined) {
      own = new Map();
      this.#bySubscriber.set(subscriber, own);
    }
    own.set(ownKey(kind, key), subscription);
    this.#summarize();
  }

  unsubscribe(subscriber: number, subscription: Subscription): void {
    const kind = kindOf(subscription);
    const key = keyOf(kind, subscription.sender, subscription.receiver, subscription.topic);
    const entries = this.#kinds[kind] as Map<Key, Entry>;
    const entry = entries.get(key);
    if (entry?.subscribers.delete(subscriber)) {
      if (entry.subscribers.size === 0) entries.delete(key);
      const own = this.#bySubscriber.get(subscriber);
      own?.delete(ownKey(kind, key));
      if (own?.size === 0) this.#bySubscriber.delete(subscriber);
    }
    this.#summarize();
  }

  /** Ends all subscriptions of one agent. */
  unsubscribeAll(subscriber: number): void {
    const own = this.#bySubscriber.get(subscriber);
    if (own === undefined) return;
    for (const subscription of [...own.values()]) this.unsubscribe(subscriber, subscription);
  }

  #summarize(): void {
    this.isEmpty = this.#kinds.every((entries) => entries.size === 0);
    // A kind with the topic alone matches messages to a certain agent as well.
    this.hasSpies = !this.isEmpty;
  }

  /**
   * Collects into `found` the indexes of those who listen to a message, each once. A `receiver` of undefined is a
   * broadcast.
   */
  match(sender: AgentId, receiver: AgentId | undefined, topic: string, found: Set<number>): void {
    for (const kind of receiver === undefined ? WITHOUT_RECEIVER : ALL) {
      const entries = this.#kinds[kind] as Map<Key, Entry>;
      if (entries.size === 0) continue;
      const entry = entries.get(keyOf(kind, sender, receiver, topic));
      if (entry !== undefined) for (const subscriber of entry.subscribers) found.add(subscriber);
    }
  }

  /** Marks the indexes that subscriptions hold. */
  mark(inUse: Uint8Array): void {
    for (const subscriber of this.#bySubscriber.keys()) inUse[subscriber] = 1;
  }

  /** What `subscriber` listens to, in a defined order. */
  subscriptionsOf(subscriber: number): Subscription[] {
    const own = this.#bySubscriber.get(subscriber);
    if (own === undefined) return [];
    return [...own.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, subscription]) => ({ ...subscription }));
  }

  /** Who has exactly this subscription, in order of id. */
  subscribersOf(subscription: Subscription): AgentId[] {
    const kind = kindOf(subscription);
    const key = keyOf(kind, subscription.sender, subscription.receiver, subscription.topic);
    const entry = (this.#kinds[kind] as Map<Key, Entry>).get(key);
    if (entry === undefined) return [];
    return [...entry.subscribers].map((index) => this.#table.ids[index] as AgentId).sort(compareIds);
  }

  /** Topics that someone listens to, sorted. */
  topics(): string[] {
    const topics = new Set<string>();
    for (const entries of this.#kinds) {
      for (const entry of entries.values()) {
        if (entry.subscription.topic !== undefined) topics.add(entry.subscription.topic);
      }
    }
    return [...topics].sort();
  }
}

/** The integer 1 and the text '1' are two ids. */
function ownKey(kind: number, key: Key): string {
  return `${kind}${typeof key}:${key}`;
}

export function kindOf(subscription: Subscription): number {
  return (
    (subscription.sender === undefined ? 0 : SENDER) |
    (subscription.receiver === undefined ? 0 : RECEIVER) |
    (subscription.topic === undefined ? 0 : TOPIC)
  );
}

function keyOf(
  kind: number,
  sender: AgentId | undefined,
  receiver: AgentId | undefined,
  topic?: string,
): Key {
  switch (kind) {
    case SENDER:
      return sender as AgentId;
    case RECEIVER:
      return receiver as AgentId;
    case TOPIC:
      return topic as string;
    default:
      return JSON.stringify([
        kind & SENDER ? sender : null,
        kind & RECEIVER ? receiver : null,
        kind & TOPIC ? topic : null,
      ]);
  }
}
