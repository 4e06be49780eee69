import type { Command } from '../commands.ts';
import type { SimulationError } from '../errors.ts';
import type { DeadLetter } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import type { LiveErrorPolicy } from './supervisor.ts';
import type { Probe } from './wait-graph.ts';

/** What agents do to the world and all clusters are told of. */
export type LiveCommand = Extract<Command, { kind: 'subscribe' | 'unsubscribe' | 'add' | 'remove' }>;

/** What one cluster tells another: in order, as it happens. */
export type Parcel =
  | {
      readonly kind: 'message';
      readonly from: AgentId;
      /** Who gets it; undefined for whoever is subscribed. */
      readonly receiver: AgentId | undefined;
      /** Who it was addressed to: another than the receiver where that is a subscriber. */
      readonly to: AgentId | undefined;
      readonly topic: string;
      readonly body: unknown;
      readonly sentAt: number;
    }
  | { readonly kind: 'command'; readonly from: AgentId; readonly command: LiveCommand }
  /** A message from outside, to be answered under its ticket. */
  | {
      readonly kind: 'outside';
      readonly ticket: number;
      readonly to: AgentId;
      readonly topic: string;
      readonly body: unknown;
      readonly sentAt: number;
    }
  /** `sender` must wait for `receiver` to take its messages; it need not any more. */
  | { readonly kind: 'hold' | 'release'; readonly sender: AgentId; readonly receiver: AgentId }
  /** A message was refused because the mailbox was full: an error of its sender. */
  | { readonly kind: 'refused'; readonly sender: AgentId; readonly receiver: AgentId; readonly topic: string }
  /** So many messages of `sender` have arrived. */
  | { readonly kind: 'arrived'; readonly sender: AgentId; readonly count: number }
  | { readonly kind: 'probe'; readonly probe: Probe }
  /** All agents of the beginning are set up, and what they subscribed to has been told. */
  | { readonly kind: 'ready' };

/** Whether a parcel makes its receiver do something: those are counted, and idle is who has none under way. */
export function isCounted({ kind }: Parcel): boolean {
  return kind === 'message' || kind === 'command' || kind === 'outside' || kind === 'refused';
}

/** A message that was not delivered, because the mailbox of its receiver was full. */
export interface DroppedMessage {
  /** Seconds since the start. */
  readonly time: number;
  readonly to: AgentId;
  readonly from: AgentId;
  readonly topic: string;
  /** Which policy dropped it. */
  readonly whenFull: 'drop-oldest' | 'drop-newest' | 'error';
}

/** Messages that a mailbox took though it was full, because agents waited for each other in a circle. */
export interface Overflow {
  /** Seconds since the start. */
  readonly time: number;
  /** Whose mailbox it is. */
  readonly agent: AgentId;
  /** Each waited for room in the mailbox of the next, the last in that of the first. */
  readonly cycle: readonly AgentId[];
  readonly messages: number;
}

/** What is done about an agent that failed; `none` where it is gone already. */
export type FailureAction = LiveErrorPolicy | 'none';

/** What became of a message from outside. */
export type SendOutcome = 'accepted' | 'dropped' | 'deadLetter';

/** What a cluster tells the owner of the run. */
export type Notice =
  /** All clusters are set up: messages flow. */
  | { readonly kind: 'open' }
  | { readonly kind: 'log'; readonly entry: LogEntry }
  | { readonly kind: 'deadLetter'; readonly letter: DeadLetter }
  | { readonly kind: 'dropped'; readonly message: DroppedMessage }
  | { readonly kind: 'overflow'; readonly overflow: Overflow }
  | { readonly kind: 'failure'; readonly error: SimulationError; readonly action: FailureAction }
  /** The run cannot go on. */
  | { readonly kind: 'fatal'; readonly error: SimulationError }
  | { readonly kind: 'stop'; readonly agent: AgentId; readonly reason: string; readonly value: unknown }
  | { readonly kind: 'pause'; readonly agent: AgentId }
  | { readonly kind: 'outcome'; readonly ticket: number; readonly outcome: SendOutcome }
  | { readonly kind: 'refusal'; readonly ticket: number; readonly error: Error };

/** What one cluster did. */
export interface ClusterCounters {
  /** Messages that came for its agents, copies for subscribers included. The sum of the seven that follow. */
  arrived: number;
  /** Handed to an agent. */
  delivered: number;
  /** Dropped because a mailbox was full: the oldest in it, the one that came, and those that were the sender's error. */
  droppedOldest: number;
  droppedNewest: number;
  refused: number;
  /** Addressed to an agent that was not there. */
  deadLetters: number;
  /** Still waiting to be handled when the run ended. */
  discarded: number;
  /** Messages that its agents sent within it, and to other clusters. */
  local: number;
  remote: number;
  /** Messages that had to wait for room in a mailbox. */
  waited: number;
  /** Messages that a full mailbox took because agents waited for each other in a circle. */
  excused: number;
  /** Most messages before one agent, waiting ones included. */
  highWater: number;
  /** Alarms and delayed messages that were not due when the run ended. */
  alarmsLeft: number;
  /** Agents that threw or rejected, and how often one was restarted. */
  failures: number;
  restarts: number;
}

export function noCounters(): ClusterCounters {
  return {
    arrived: 0,
    delivered: 0,
    droppedOldest: 0,
    droppedNewest: 0,
    refused: 0,
    deadLetters: 0,
    discarded: 0,
    local: 0,
    remote: 0,
    waited: 0,
    excused: 0,
    highWater: 0,
    alarmsLeft: 0,
    failures: 0,
    restarts: 0,
  };
}
