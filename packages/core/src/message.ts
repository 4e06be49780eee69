/** Names an agent: any string, or an integer from -(2^53-1) to 2^53-1. Ids that begin with `@` are reserved. */
export type AgentId = string | number;

/** The sender of messages that come from outside of all agents, for example through `Scheduler.send`. */
export const OUTSIDE = '@outside';

/** What may be said: topics and the type of body that goes with each. */
// biome-ignore lint/suspicious/noExplicitAny: a protocol may hold bodies of any type, each typed by its topic
export type Protocol = Record<string, any>;

/** A message of one topic. Who receives it owns it, body included. */
export interface MessageOf<P extends Protocol, K extends keyof P & string = keyof P & string> {
  readonly from: AgentId;
  /** Who it was addressed to; undefined for a broadcast. Other than oneself for those who subscribed to it. */
  readonly to: AgentId | undefined;
  readonly topic: K;
  readonly body: P[K];
  /** Simulated time at which it was sent, in seconds. */
  readonly sentAt: number;
}

/** Any message of a protocol; `switch (message.topic)` tells the type of `message.body`. */
export type Message<P extends Protocol = Protocol> = {
  [K in keyof P & string]: MessageOf<P, K>;
}[keyof P & string];

/** One shape for all messages, so that handlers see a single hidden class. */
export class Delivery {
  readonly from: AgentId;
  readonly to: AgentId | undefined;
  readonly topic: string;
  readonly body: unknown;
  readonly sentAt: number;

  constructor(from: AgentId, to: AgentId | undefined, topic: string, body: unknown, sentAt: number) {
    this.from = from;
    this.to = to;
    this.topic = topic;
    this.body = body;
    this.sentAt = sentAt;
  }
}
