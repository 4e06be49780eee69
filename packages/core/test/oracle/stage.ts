import type {
  AgentId,
  DeadLetter,
  EndReason,
  EventRecord,
  Message,
  RunOptions,
  SchedulerOptions,
  Subscription,
} from '@troupe/core';
import type { Layout } from '@troupe/transport';
import { Hash } from '../../src/hash.ts';
import { compareIds } from '../../src/ids.ts';

/** As the options of a `Scheduler`, all of them given. */
export interface OracleOptions extends Required<Pick<SchedulerOptions, 'seed' | 'lookahead' | 'onError'>> {
  /** What orders messages that were sent in the same round of the same time. */
  readonly ties: 'sender' | 'seeded';
  readonly layouts: Readonly<Record<string, Layout | undefined>>;
  readonly witness: Witness;
}

/** Is told all that can be seen of a run from outside. */
export interface Witness {
  /** @param bytes the body as it was written, where its topic has a layout and it is no subscriber's copy */
  delivered(event: EventRecord, bytes: DataView | undefined): void;
  lost(letter: DeadLetter): void;
  /** An agent threw and the run goes on. */
  failed(failure: Failure): void;
  /** An agent was removed. */
  left(agent: AgentId): void;
}

export interface Oracle {
  /** Simulated time and the round of it. */
  readonly now: { readonly time: number; readonly round: number };
  /** Adds an agent of the beginning. */
  add(id: AgentId, make: Make): void;
  /** @throws {Failure} */
  run(options?: RunOptions): { readonly reason: EndReason; readonly halt: Halt | undefined };
}

/** What an agent may do, reduced to what differs: all else follows from it. */
export interface Deeds {
  readonly id: AgentId;
  /** Without `to` a broadcast; one that is direct, as alarms are, passes subscribers over. */
  send(to: AgentId | undefined, topic: string, body: unknown, due: number, kind?: Kind): Item;
  /** Whether it will not be delivered. */
  cancel(alarm: Item): boolean;
  /** Those it has set, earliest first. */
  alarms(): readonly Item[];
  subscribe(what: Subscription): void;
  /** One, or all. */
  unsubscribe(what: Subscription | undefined): void;
  /** Everybody's. */
  subscriptions(): readonly Subscribed[];
  add(id: AgentId, make: Make): void;
  remove(id: AgentId): void;
  halt(kind: Halt['kind'], reason: string, value: unknown): void;
}

interface Kind {
  readonly direct?: boolean;
  readonly alarm?: boolean;
  readonly unref?: boolean | undefined;
}

/** Makes an agent of the oracle. */
export type Make = (deeds: Deeds) => Part;

/** How an agent reacts: to its whole inbox of a round, where it is `batched`, else to one message at a time. */
interface Part {
  readonly batched: boolean;
  setup(): void;
  update(inbox: readonly Message[]): void;
  teardown(): void;
}

/** When something was sent: time and round. */
interface Sent {
  readonly sentAt: number;
  readonly sentRound: number;
  readonly from: AgentId;
  /** How many its sender had sent before. */
  readonly count: number;
}

/** What is due at a time, in a round: a command where it has an `act`, a broadcast where it has no receiver. */
export interface Item extends Sent {
  readonly due: number;
  readonly round: number;
  /** See {@link tieOf}; 0 where the sender decides. */
  readonly tie: number;
  readonly topic: string;
  readonly body: unknown;
  readonly bytes?: DataView | undefined;
  /** Who it was sent to, and who gets it: another where that one is subscribed. */
  readonly to: AgentId | undefined;
  readonly receiver: AgentId | undefined;
  readonly alarm?: boolean;
  readonly unref?: boolean | undefined;
  readonly act?: () => void;
}

export interface Living {
  readonly id: AgentId;
  readonly part: Part;
  readonly deeds: Deeds;
  /** Whether it threw: then it will be removed, and nothing reaches it any more; or it ended the run. */
  state: 'well' | 'condemned' | 'ended';
}

export interface Subscribed {
  readonly by: AgentId;
  readonly to: Subscription;
}

/** How an agent ended or interrupted the run. */
export interface Halt {
  readonly kind: 'stopped' | 'paused';
  readonly by: { readonly agent: AgentId; readonly reason: string };
  readonly value: unknown;
}

/** Why a run failed: the fields of the kernel's error. */
export interface Failure {
  readonly code: string;
  readonly agent: AgentId;
  /** What it was told; undefined in setup and teardown. */
  readonly topic: string | undefined;
  readonly time: number;
  readonly round: number;
  readonly message: string;
}

/** The error of an agent that threw; `round` is -1 in the setup of the beginning. */
export function failureOf(
  agent: AgentId,
  topic: string | undefined,
  error: unknown,
  { time, round }: { readonly time: number; readonly round: number },
  seed: number,
): Failure {
  const on = topic === undefined ? '' : ` on topic ${JSON.stringify(topic)}`;
  const when = `at time ${time} (${round === -1 ? 'in setup' : `round ${round}`}, seed ${seed})`;
  const what = error instanceof Error ? error.message : String(error);
  const message = `agent ${show(agent)} threw${on} ${when}: ${what}`;
  return { code: 'ERR_TROUPE_AGENT_FAILED', agent, topic, time, round, message };
}

/** An id as messages show it: on one line and not too long. */
function show(id: AgentId): string {
  const text = JSON.stringify(id);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Of several who end the run in one round the least is named. */
export function precedes(a: Failure, b: Failure): boolean {
  return (compareIds(a.agent, b.agent) || (a.message < b.message ? -1 : 1)) < 0;
}

/** The error of an agent that is added under an id that another one has. */
export function duplicate(id: AgentId): Error {
  return new Error(`there is an agent ${show(id)} already: ids are unique`);
}

/** What orders messages of one instant where no id is to be favoured. */
export function tieOf(seed: number, { from, sentAt, sentRound }: Sent): number {
  const hash = new Hash();
  hash.float(seed);
  hash.id(from);
  hash.float(sentAt);
  hash.word(sentRound);
  hash.finish();
  return hash.a >>> 0;
}

/** What becomes of a body in its layout. */
export function layOut(layout: Layout | undefined, body: unknown): { body: unknown; bytes?: DataView } {
  if (layout === undefined) return { body };
  const bytes = Buffer.alloc(layout.maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = layout.encode(body, view, bytes, 0);
  return { body: layout.decode(view, bytes, 0), bytes: new DataView(bytes.buffer, bytes.byteOffset, end) };
}

/** Whether a subscription is to what is said. */
export function hears({ sender, receiver, topic }: Subscription, item: Item): boolean {
  if (receiver !== undefined && receiver !== item.receiver) return false;
  return (sender ?? item.from) === item.from && (topic ?? item.topic) === item.topic;
}

/** Whether two subscriptions are to the same. */
export function isSame(a: Subscription, b: Subscription): boolean {
  return a.sender === b.sender && a.receiver === b.receiver && a.topic === b.topic;
}
