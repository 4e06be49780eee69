import { inProcess, type Transport } from '@troupe/transport';
import { SimulationError, show } from '../errors.ts';
import { checkClusters, checkTransport } from '../host-options.ts';
import { type KnownOptions, refuseUnknown } from '../known-options.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import type { Model } from '../model.ts';
import { checkChoice, checkNumber } from '../scheduler.ts';
import { type MailboxLimits, WHEN_FULL, type WhenFull } from './mailbox.ts';
import type { LiveNodeData } from './protocol.ts';
import { LIVE_ERROR_POLICIES, type LiveErrorPolicy, type SupervisionLimits } from './supervisor.ts';

/** The bounds of each agent's mailbox. */
export interface MailboxOptions {
  /** Messages that may be before an agent, the one that it handles not counted: 1 or more. Default 10,000. */
  readonly capacity?: number;
  /** What happens to a message that comes when the mailbox is full. Default `wait`. */
  readonly whenFull?: WhenFull;
}

/** What happens to agents that fail. */
export interface SupervisionOptions {
  /**
   * What happens to an agent that throws, or whose promise rejects: the run ends with its error (`stop`, the default);
   * the agent is made anew (`restart`); or it is taken out (`remove`).
   */
  readonly onError?: LiveErrorPolicy;
  /** Most restarts of one agent within the period; one more ends the run. Default 3. */
  readonly maxRestarts?: number;
  /** The period in seconds. Default 5. */
  readonly within?: number;
}

export interface LiveOptions {
  /** How many clusters the agents are divided into; each runs on a node of its own. Default 1. */
  readonly clusters?: number;
  /** What connects the nodes. Default: all in this thread. */
  readonly transport?: Transport;
  /** Seed of all random streams: any finite number. Default 1. */
  readonly seed?: number;
  /** The model's parameters; those left out have their defaults. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly mailbox?: MailboxOptions;
  readonly supervision?: SupervisionOptions;
  /**
   * Milliseconds that a handler may take until it returns, and its promise until it settles; 0 for no limit. Default
   * 60,000. A promise that is late is a failure of its agent. A handler that does not return ends the run, after a second
   * at the earliest; it cannot be noticed where the nodes share this thread.
   */
  readonly handlerTimeout?: number;
  /** Least level of what agents log that comes as `log` events, where anybody listens. Default `debug`: all. */
  readonly logLevel?: LogLevel;
}

const LIVE_OPTIONS: KnownOptions<LiveOptions> = {
  clusters: true,
  transport: true,
  seed: true,
  params: true,
  mailbox: true,
  supervision: true,
  handlerTimeout: true,
  logLevel: true,
};

const MAILBOX_OPTIONS: KnownOptions<MailboxOptions> = { capacity: true, whenFull: true };

const SUPERVISION_OPTIONS: KnownOptions<SupervisionOptions> = {
  onError: true,
  maxRestarts: true,
  within: true,
};

/** What a live run is made with, checked. */
export interface LiveSettings {
  readonly clusters: number;
  readonly transport: Transport;
  readonly logLevel: number;
  readonly data: LiveNodeData;
}

/** @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value */
export function checkLiveOptions(model: URL | Model, options: LiveOptions): LiveSettings {
  refuseUnknown(options, LIVE_OPTIONS, 'a live run');
  const transport = options.transport ?? inProcess();
  checkTransport(transport, model);
  const seed = checkNumber('seed', options.seed ?? 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return {
    clusters: checkClusters(options.clusters ?? 1),
    transport,
    logLevel: LOG_LEVELS.indexOf(checkChoice('logLevel', options.logLevel ?? 'debug', LOG_LEVELS)),
    data: {
      model: model instanceof URL ? model.href : model,
      params: options.params ?? {},
      seed,
      mailbox: checkMailbox(options.mailbox),
      supervision: checkSupervision(options.supervision),
      handlerTimeout: checkNumber('handlerTimeout', options.handlerTimeout ?? 60_000, 0, 2 ** 31 - 1),
    },
  };
}

function checkMailbox(options: MailboxOptions = {}): MailboxLimits {
  refuseUnknown(checkObject('mailbox', options), MAILBOX_OPTIONS, 'mailbox');
  return {
    capacity: checkWhole('mailbox.capacity', options.capacity ?? 10_000, 1),
    whenFull: checkChoice('mailbox.whenFull', options.whenFull ?? 'wait', WHEN_FULL),
  };
}

function checkSupervision(options: SupervisionOptions = {}): SupervisionLimits {
  refuseUnknown(checkObject('supervision', options), SUPERVISION_OPTIONS, 'supervision');
  return {
    onError: checkChoice('supervision.onError', options.onError ?? 'stop', LIVE_ERROR_POLICIES),
    maxRestarts: checkWhole('supervision.maxRestarts', options.maxRestarts ?? 3, 0),
    within: checkNumber('supervision.within', options.within ?? 5, 0, Number.MAX_SAFE_INTEGER),
  };
}

function checkObject<T extends object>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null) return value;
  throw new SimulationError('ERR_TROUPE_OPTION', `${name} is ${show(value)}: give an object`, { value });
}

function checkWhole(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new SimulationError(
    'ERR_TROUPE_OPTION',
    `${name} is ${show(value)}: give a whole number, ${least} or more`,
    { value },
  );
}

export interface IdleOptions {
  /** Gives up waiting when it aborts; the promise then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Waits for delayed messages and alarms too, but for those that are `unref`'d. Default false. */
  readonly alarms?: boolean;
}

export interface StopOptions {
  /** Handles everything that is under way first. Default true. */
  readonly drain?: boolean;
  /**
   * Milliseconds that draining may take, and then again what agents still do and their teardown. What has not come to
   * its end by then is left. Default 5,000.
   */
  readonly timeout?: number;
}

const IDLE_OPTIONS: KnownOptions<IdleOptions> = { signal: true, alarms: true };
const STOP_OPTIONS: KnownOptions<StopOptions> = { drain: true, timeout: true };

/** Default of {@link StopOptions.timeout}. */
export const STOP_TIMEOUT = 5000;

/** Added to a timeout, this must still be a time that a timer can be set for. */
const MARGIN = 10_000;

/** @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value */
export function checkIdleOptions(options: IdleOptions): { alarms: boolean; signal: AbortSignal | undefined } {
  refuseUnknown(options, IDLE_OPTIONS, 'idle');
  const { signal, alarms = false } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new SimulationError('ERR_TROUPE_OPTION', 'signal is no AbortSignal: give controller.signal', {
      value: signal,
    });
  }
  return { alarms: checkBoolean('alarms', alarms), signal };
}

/** @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value */
export function checkStopOptions(options: StopOptions): Required<StopOptions> {
  refuseUnknown(options, STOP_OPTIONS, 'stop');
  return {
    drain: checkBoolean('drain', options.drain ?? true),
    timeout: checkNumber('timeout', options.timeout ?? STOP_TIMEOUT, 0, 2 ** 31 - MARGIN),
  };
}

function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new SimulationError('ERR_TROUPE_OPTION', `${name} is ${show(value)}: give true or false`, { value });
}
