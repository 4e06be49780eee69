import type { PackedError } from '@troupe/transport';
import type { DeadLetter } from '../kernel.ts';
import type { LogEntry } from '../log.ts';
import type { AgentId } from '../message.ts';
import type { Moves } from '../migration.ts';
import type { Model } from '../model.ts';
import type { EventRecord, NodeCounters } from '../observer.ts';
import type { Placement } from '../placement/placement.ts';
import type { TrafficPart } from '../placement/traffic.ts';
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
  /** Where agents live, beside what the model says. */
  readonly placement: Placement | undefined;
  /** One in so many messages is counted; 0 for none. */
  readonly traffic: number;
  /** Whether agents move. */
  readonly moves: boolean;
  /** Messages from outside that are known beforehand. */
  readonly inputs: readonly InputRecord[];
  readonly onError: 'stop' | 'remove' | 'restart' | 'continue';
}

/** A message from outside, where a simulation took it in. */
export interface InputRecord {
  /** Simulated time at which it is due, in seconds. */
  readonly time: number;
  /** Who gets it; undefined for a broadcast. */
  readonly to: AgentId | undefined;
  readonly topic: string;
  readonly body: unknown;
}

/** A message from outside that waits to be given its time. */
export interface Input {
  /** Number by which the host knows it. */
  readonly number: number;
  readonly to: AgentId | undefined;
  readonly topic: string;
  readonly body: unknown;
  /** The earliest time that it may be due. */
  readonly at: number;
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
  /** Between two runs, to all nodes: these agents live elsewhere from now on. */
  | { readonly type: 'move'; readonly moves: Moves }
  /** Between two runs: tell what was counted; begin anew, if asked. */
  | { readonly type: 'traffic'; readonly reset: boolean }
  /** To node 0: give them their time. */
  | { readonly type: 'inputs'; readonly inputs: readonly Input[] }
  /** To node 0: whether messages may come from outside. */
  | { readonly type: 'open'; readonly open: boolean }
  /** Something is there for another node: do not wait any longer. */
  | { readonly type: 'wake' }
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
  | TrafficTold
  /** The times that inputs were given, in order of their numbers. */
  | { readonly type: 'inputs'; readonly first: number; readonly times: readonly number[] }
  | { readonly type: 'failed'; readonly error: PackedError; readonly fatal: boolean };

/** What a node counted, and where the agents of its part live. */
export interface TrafficTold {
  readonly type: 'traffic';
  readonly part: TrafficPart;
  readonly homes: readonly number[];
}

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
