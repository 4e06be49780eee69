import type { Agent, AgentClass } from '../agent.ts';
import type { AgentId, Delivery } from '../message.ts';
import type { Random } from '../random.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * Where an agent stands.
 *
 * ```text
 *   new --setup--> up --fails, restart--> broken --teardown, made anew--> new
 *                  |                        |
 *                  +--is removed------------+--> leaving --teardown--> gone
 * ```
 */
export type Phase = 'new' | 'up' | 'broken' | 'leaving' | 'gone';

/** A call of an agent that has not settled. */
export interface Call {
  readonly kind: 'setup' | 'receive' | 'update' | 'teardown';
  readonly topic: string | undefined;
  /** When it began, in seconds since the start. */
  readonly since: number;
}

/** How an agent is made, and made again. */
export interface Origin {
  readonly agentClass: AgentClass;
  readonly args: readonly unknown[];
}

/** An agent of this cluster, and what is before it. */
export class Resident {
  readonly id: AgentId;
  /** Its index in the agent table. */
  readonly index: number;
  readonly origin: Origin;
  readonly mailbox: Mailbox<Delivery>;
  /** Undefined where it could not be made. */
  agent: Agent | undefined;
  phase: Phase = 'new';
  call: Call | undefined;
  /** Whether it stands in line to be called. */
  isQueued = false;
  /** Whether its setup was begun: who was not set up is not torn down. */
  hasBegun = false;
  /** Whether it overrides `update`: it gets all that is before it at once. */
  isBatched = false;
  /** Messages that it has sent to other clusters and that have not arrived, as far as is known. */
  underWay = 0;
  /** Links that it has sent to and that were full then. */
  fullLinks = 0;
  /** Its stream goes on when it is restarted. */
  random: Random | undefined;
  /** Who comes under its id when it is gone. */
  successor: Origin | undefined;
  /** Whether the start of the run waits for its setup. */
  isAwaited = false;

  constructor(id: AgentId, index: number, origin: Origin, mailbox: Mailbox<Delivery>) {
    this.id = id;
    this.index = index;
    this.origin = origin;
    this.mailbox = mailbox;
  }
}
