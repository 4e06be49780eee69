import { inProcess, type Transport } from '@troupe/transport';
import { ERROR_POLICIES, type ErrorPolicy } from './commands.ts';
import { SimulationError } from './errors.ts';
import { checkClusters, checkTransport } from './host-options.ts';
import { checkInputs } from './input.ts';
import { type KnownOptions, refuseUnknown } from './known-options.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import type { Model } from './model.ts';
import type { InputRecord, NodeData } from './node/protocol.ts';
import { checkPlacement, type Placement } from './placement/placement.ts';
import { checkChoice, checkNumber, checkRoundLimit, checkWhole } from './scheduler.ts';
import { TIES, type Ties } from './ties.ts';

export interface SimulationOptions {
  /** How many clusters the agents are divided into; each runs on a node of its own. Default 1. */
  readonly clusters?: number;
  /** What connects the nodes. Default: all in this thread. */
  readonly transport?: Transport;
  /** Seed of all random streams: any finite number. Default 1. */
  readonly seed?: number;
  /** The model's parameters; those left out have their defaults. */
  readonly params?: Readonly<Record<string, unknown>>;
  /**
   * Passes every message through the codec, as if it went to another cluster, checks the lookahead between any two
   * agents, and refuses agents that use the clock on the wall, `Math.random` or the like. Slow. Default false.
   */
  readonly strict?: boolean;
  /** Whether runs have a digest. Default true. */
  readonly digest?: boolean;
  /** Whether reports count messages by agent and topic. Default false. */
  readonly counters?: boolean;
  /** Whether {@link Simulation.eventLog} can be called. Default false. */
  readonly eventLog?: boolean;
  /** Least level of what agents log that comes as `log` events; `off` for none. Default `off`. */
  readonly logLevel?: LogLevel | 'off';
  /** Whether messages that reach nobody come as `deadLetter` events. They are counted in any case. Default false. */
  readonly deadLetters?: boolean;
  /** Most rounds of one instant. Default 10,000,000. */
  readonly roundLimit?: number;
  /** Who goes first of agents that sent in the same round: see {@link Ties}. Default `sender`. */
  readonly ties?: Ties;
  /** What happens when an agent throws. Default `stop`: `run` rejects. */
  readonly onError?: ErrorPolicy;
  /**
   * Milliseconds that a node may spend in one handler before the run is given up; 0 for no limit. Default 60,000. It
   * cannot be noticed where the nodes share this thread.
   */
  readonly stallTimeout?: number;
  /** Milliseconds between `progress` events. Default 100. */
  readonly progressInterval?: number;
  /** Where agents live; those it does not list are placed by the model. From `partition`, for as many clusters. */
  readonly placement?: Placement;
  /** One in so many messages is counted for {@link Simulation.traffic}. Default 0: none is. */
  readonly traffic?: number;
  /**
   * `auto` lets agents move while a run goes on, such that fewer messages cross and load is even; the digest does not
   * show it. Agents with `#private` members override `snapshot` and `restore`, then. Default `off`.
   */
  readonly rebalance?: 'off' | 'auto';
  /** What came from outside in an earlier run ({@link Simulation.inputs}), to be replayed. Default: nothing. */
  readonly inputs?: readonly InputRecord[];
}

const SIMULATION_OPTIONS: KnownOptions<SimulationOptions> = {
  clusters: true,
  transport: true,
  seed: true,
  params: true,
  strict: true,
  digest: true,
  counters: true,
  eventLog: true,
  logLevel: true,
  deadLetters: true,
  roundLimit: true,
  ties: true,
  onError: true,
  stallTimeout: true,
  progressInterval: true,
  placement: true,
  traffic: true,
  rebalance: true,
  inputs: true,
};

/** One message in so many is counted where agents are to move. */
const REBALANCE_SAMPLE = 2;
/** Longest time that a timer takes, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;

/** Options, checked, with their defaults. */
export interface SimulationSettings {
  readonly clusters: number;
  readonly transport: Transport;
  /** What each node is told. */
  readonly data: NodeData;
  readonly stallTimeout: number;
  readonly progressInterval: number;
}

/** @throws {SimulationError} `ERR_TROUPE_OPTION` and those of the single options, naming option and value */
export function checkSimulationOptions(
  // biome-ignore lint/suspicious/noExplicitAny: a model of whatever parameters
  model: URL | Model<any>,
  options: SimulationOptions,
): SimulationSettings {
  refuseUnknown(options, SIMULATION_OPTIONS, 'a simulation');
  const clusters = checkClusters(options.clusters ?? 1);
  const transport = options.transport ?? inProcess();
  checkTransport(transport, model);
  const logLevel = options.logLevel ?? 'off';
  if (logLevel !== 'off') checkChoice('logLevel', logLevel, LOG_LEVELS);
  const roundLimit = checkRoundLimit(options.roundLimit ?? 10_000_000);
  const rebalance = checkChoice('rebalance', options.rebalance ?? 'off', ['off', 'auto']);
  const traffic = checkWhole('traffic', options.traffic ?? 0, 0, 1_000_000);
  const data: NodeData = {
    model: model instanceof URL ? model.href : model,
    params: options.params ?? {},
    seed: checkNumber('seed', options.seed ?? 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    strict: options.strict ?? false,
    digest: options.digest ?? true,
    counters: options.counters ?? false,
    eventLog: options.eventLog ?? false,
    deadLetters: options.deadLetters ?? false,
    logLevel: logLevel === 'off' ? undefined : LOG_LEVELS.indexOf(logLevel),
    roundLimit,
    ties: checkChoice('ties', options.ties ?? 'sender', TIES),
    onError: checkChoice('onError', options.onError ?? 'stop', ERROR_POLICIES),
    placement: options.placement === undefined ? undefined : checkPlacementFor(options.placement, clusters),
    traffic: rebalance === 'auto' ? Math.max(1, traffic || REBALANCE_SAMPLE) : traffic,
    moves: rebalance === 'auto',
    inputs: checkInputs(options.inputs ?? []),
  };
  return {
    clusters,
    transport,
    data,
    stallTimeout: checkNumber('stallTimeout', options.stallTimeout ?? 60_000, 0, TIMER_MAX),
    progressInterval: checkNumber('progressInterval', options.progressInterval ?? 100, 1, TIMER_MAX),
  };
}

/** @throws {SimulationError} `ERR_TROUPE_PLACEMENT`, `ERR_TROUPE_PLACEMENT_INVALID` */
export function checkPlacementFor(placement: Placement, clusters: number): Placement {
  checkPlacement(placement);
  if (placement.clusters === clusters) return placement;
  throw new SimulationError(
    'ERR_TROUPE_PLACEMENT',
    `the placement is for ${placement.clusters} clusters, the simulation has ${clusters}: partition the traffic for as many`,
    { value: placement.clusters },
  );
}
