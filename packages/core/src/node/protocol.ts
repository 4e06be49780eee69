import type { PackedError } from '@troupe/transport';
import type { DeadLetter } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import type { Model } from '../model.ts';
import type { EventRecord, NodeCounters } from '../observer.ts';
import type { EndReason } from '../report.ts';
import type { Ties } from '../ties.ts';

/** What a node is launched with. */
export interface NodeData {
  /** The module of the model, or, where nodes share the host's thread, the model itself. */
  readonly model: string | Model;
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly strict: boolean;
  readonly digest: boolean;
  readonly counters: boolean;
  readonly eventLog: boolean;
  readonly deadLetters: boolean;
  /** Least level of log entries to pass on; undefined for none. */
  readonly logLevel: number | undefined;
  readonly roundLimit: number;
  readonly ties: Ties;
  readonly onError: 'stop' | 'remove' | 'restart' | 'continue';
}

/** How one run goes. */
export interface RunOrder {
  readonly until: number;
  readonly maxEvents: number;
  readonly stopWhenIdle: boolean;
  readonly clearAlarmsAtEnd: boolean;
  readonly speed: number;
  /** Where the simulation stood when it began: the clock of a cluster with nothing to do may be behind. */
  readonly startTime: number;
  /** Windows until the run is interrupted. */
  readonly windows: number;
}

/** From the host to a node. */
export type HostMessage =
  | { readonly type: 'run'; readonly order: RunOrder }
  | { readonly type: 'interrupt'; readonly run: number }
  | { readonly type: 'abort'; readonly run: number };

/** Everything up to this instant, rounds of it included, has been told. */
export interface Upto {
  readonly time: number;
  readonly round: number;
}

/** From a node to the host. */
export type NodeMessage =
  /** Loaded; the fingerprint must be the same in all nodes. */
  | { readonly type: 'ready'; readonly fingerprint: string }
  | { readonly type: 'names'; readonly indexes: readonly number[]; readonly ids: readonly AgentId[] }
  | { readonly type: 'journal'; readonly journal: Journal }
  | { readonly type: 'finished'; readonly part: RunPart }
  | { readonly type: 'failed'; readonly error: PackedError; readonly fatal: boolean };

/** What has been delivered, logged and lost since the last one. */
export interface Journal {
  readonly events: readonly EventRecord[];
  readonly logs: readonly LogEntry[];
  readonly letters: readonly DeadLetter[];
  /** Undefined at the end of a run: nothing else will come of it. */
  readonly upto: Upto | undefined;
}

/** One cluster's part of a report. */
export interface RunPart {
  readonly reason: EndReason | 'failed';
  readonly by: { readonly agent: AgentId; readonly reason: string } | undefined;
  readonly value: unknown;
  /** Where its last event was, and where its clock stands. */
  readonly simTime: number;
  readonly startTime: number;
  readonly wallTime: number;
  readonly busy: number;
  readonly events: number;
  readonly local: number;
  readonly remote: number;
  readonly deadLetters: number;
  readonly failures: number;
  readonly barriers: number;
  readonly agents: number;
  readonly digest: { readonly a: number; readonly b: number };
  readonly reports: ReadonlyMap<string, ReadonlyMap<AgentId, unknown>>;
  readonly counters: NodeCounters | undefined;
}
