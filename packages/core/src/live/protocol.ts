import type { PackedError } from '@troupe/transport';
import type { DeadLetter } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import type { Model } from '../model.ts';
import type { Standing } from './idle-detector.ts';
import type { MailboxLimits } from './mailbox.ts';
import type { ClusterCounters, DroppedMessage, FailureAction, Overflow, SendOutcome } from './parcels.ts';
import type { SupervisionLimits } from './supervisor.ts';

/** What a node is launched with. */
export interface LiveNodeData {
  /** The module of the model, or, where nodes share the host's thread, the model itself. */
  readonly model: string | Model;
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly mailbox: MailboxLimits;
  readonly supervision: SupervisionLimits;
  readonly handlerTimeout: number;
}

/** What the owner of a run wants to be told beside what he must know. */
export interface Interest {
  /** Least level of log entries, by its place among all; undefined for none. */
  readonly logLevel: number | undefined;
  readonly deadLetters: boolean;
  readonly dropped: boolean;
  readonly overflow: boolean;
}

/** From the host to a node. */
export type LiveHostMessage =
  /** Set up the agents. `epoch` is the start of the run, in milliseconds of the clock that all nodes share. */
  | { readonly type: 'start'; readonly epoch: number; readonly interest: Interest }
  | { readonly type: 'interest'; readonly interest: Interest }
  | {
      readonly type: 'send';
      readonly ticket: number;
      readonly to: AgentId;
      readonly topic: string;
      readonly body: unknown;
    }
  /** Answer with your standing when you have nothing to do. */
  | { readonly type: 'ask'; readonly ask: number; readonly wave: number; readonly alarms: boolean }
  /** The answer to these is not wanted any more. */
  | { readonly type: 'forget'; readonly ask: number }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'drain' }
  /** End, within so many milliseconds. */
  | { readonly type: 'halt'; readonly grace: number };

/** From a node to the host. */
export type LiveNodeMessage =
  /** Loaded; the fingerprint must be the same in all nodes. */
  | { readonly type: 'ready'; readonly fingerprint: string }
  | { readonly type: 'names'; readonly indexes: readonly number[]; readonly ids: readonly AgentId[] }
  | { readonly type: 'open' }
  | { readonly type: 'news'; readonly news: readonly News[] }
  | {
      readonly type: 'standing';
      readonly ask: number;
      readonly wave: number;
      readonly standing: Standing;
    }
  | { readonly type: 'ended'; readonly part: LivePart }
  /** The node cannot go on; or, not fatal, its cluster wants the run to end. */
  | { readonly type: 'failed'; readonly error: PackedError; readonly fatal: boolean };

/** What has happened, in order. */
export type News =
  | { readonly kind: 'log'; readonly entry: LogEntry }
  | { readonly kind: 'deadLetter'; readonly letter: DeadLetter }
  | { readonly kind: 'dropped'; readonly message: DroppedMessage }
  | { readonly kind: 'overflow'; readonly overflow: Overflow }
  | { readonly kind: 'failure'; readonly error: PackedError; readonly action: FailureAction }
  | { readonly kind: 'stop'; readonly agent: AgentId; readonly reason: string; readonly value: unknown }
  | { readonly kind: 'pause'; readonly agent: AgentId }
  | { readonly kind: 'outcome'; readonly ticket: number; readonly outcome: SendOutcome }
  | { readonly kind: 'refusal'; readonly ticket: number; readonly error: PackedError };

/** One cluster's part of a report. */
export interface LivePart {
  readonly counters: ClusterCounters;
  readonly agents: number;
  readonly reports: ReadonlyMap<string, ReadonlyMap<AgentId, unknown>>;
  /** Agents whose calls had not settled when the time was up. */
  readonly abandoned: readonly AgentId[];
  /** Parcels sent to other clusters, and received from them. */
  readonly sent: number;
  readonly received: number;
}
