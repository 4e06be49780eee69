import { EventEmitter } from 'node:events';
import { extname } from 'node:path';
import {
  inProcess,
  type NodeEvent,
  type NodeGroup,
  type Transport,
  TransportError,
  unpackError,
} from '@troupe/transport';
import { ERROR_POLICIES, type ErrorPolicy } from './commands.ts';
import { RunDigest } from './digest.ts';
import { SimulationError, show } from './errors.ts';
import { EventStream, JournalMerger, type Merged } from './event-log.ts';
import { keyedById } from './ids.ts';
import { checkInputs, InputLog, SimulationInput } from './input.ts';
import { compareFailures, type DeadLetter } from './kernel.ts';
import { type KnownOptions, refuseUnknown } from './known-options.ts';
import { LOG_LEVELS, type LogEntry, type LogLevel } from './log.ts';
import type { AgentId } from './message.ts';
import type { Moves } from './migration.ts';
import type { Model } from './model.ts';
import type {
  HostMessage,
  InputRecord,
  NodeData,
  NodeMessage,
  RunOrder,
  RunPart,
  TrafficTold,
} from './node/protocol.ts';
import { loadModel } from './node/session.ts';
import {
  type Counters,
  type EventRecord,
  type NodeCounters,
  RUN_END_CHANNEL,
  RUN_START_CHANNEL,
} from './observer.ts';
import { resolveParams } from './params.ts';
import { checkPlacement, type Placement } from './placement/placement.ts';
import type { Traffic } from './placement/traffic.ts';
import { PULSE_AGENT, PULSE_EVENTS, PULSE_STATE, PULSE_TIME, PULSE_WINDOWS, STATE_RUNNING } from './pulse.ts';
import { type Rebalance, RebalancePolicy } from './rebalance.ts';
import type { ClusterLoad, EndReason, Report } from './report.ts';
import {
  checkChoice,
  checkNumber,
  checkRoundLimit,
  checkRunOptions,
  checkWhole,
  type RunOptions,
  sortedResults,
} from './scheduler.ts';
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
  /** Passes every message through the codec, as if it went to another cluster. Default false. */
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

export interface Progress {
  /** Simulated time of the cluster that is behind most, in seconds. */
  readonly simTime: number;
  /** Messages delivered in this run. */
  readonly events: number;
  /** Per second of wall time, since the last progress. */
  readonly eventsPerSecond: number;
  /** Simulated seconds per second of wall time, since the last progress. */
  readonly ratio: number;
}

/** What a simulation tells while it runs. */
export interface SimulationEvents {
  progress: [Progress];
  log: [LogEntry];
  deadLetter: [DeadLetter];
  paused: [];
  resumed: [];
}

/** How many events of the log may wait for their reader before the run is held. */
const LOG_BACKLOG = 50_000;

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly run: Run }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'closed' };

/** One call of {@link Simulation.run}, over interruptions. */
interface Run {
  readonly resolve: (report: Report) => void;
  readonly reject: (error: Error) => void;
  readonly options: RunOptions;
  readonly parts: (RunPart | undefined)[];
  readonly failures: Error[];
  /** What earlier stretches of the same run came to, before it was interrupted. */
  readonly earlier: RunPart[][];
  readonly rebalances: Rebalance[];
  eventsBefore: number;
  held: boolean;
  windows: number;
}

/**
 * All the clusters of a run: starts them, runs them, and gathers what they did into one report. For the same model,
 * parameters and seed the digest is the same for every number of clusters and every transport.
 *
 * ```ts
 * await using simulation = new Simulation(new URL('./model.js', import.meta.url), { clusters: 2, transport: threads() });
 * simulation.on('progress', ({ simTime }) => console.log(simTime));
 * const report = await simulation.run({ until: 3600 });
 * ```
 */
export class Simulation extends EventEmitter<SimulationEvents> implements AsyncDisposable {
  readonly #model: URL | Model;
  readonly #clusters: number;
  readonly #transport: Transport;
  readonly #data: NodeData;
  readonly #stallTimeout: number;
  readonly #progressInterval: number;
  readonly #streams = new Set<EventStream>();
  #merger: JournalMerger;
  #group: NodeGroup | undefined;
  #launching: Promise<NodeGroup> | undefined;
  #loaded: Model | undefined;
  /** By node: the ids of its agents, by index. */
  readonly #ids: AgentId[][] = [];
  #state: State = { kind: 'idle' };
  #runs = 0;
  #paused = false;
  #time = 0;
  #watch: NodeJS.Timeout | undefined;
  readonly #inputs: InputLog;
  #openInputs = 0;
  readonly #policy: RebalancePolicy | undefined;
  #lookNow = false;
  /** Seconds that it has run for on the wall, and events at the last look. */
  #ranFor = 0;
  #lookedAt = 0;
  /** What nodes are asked between two runs. */
  #asked:
    | { readonly parts: TrafficTold[]; resolve(parts: TrafficTold[]): void; reject(error: Error): void }
    | undefined;

  /**
   * @param model the address of a module whose default export is a model; or, for nodes in this thread, a model
   * @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value
   */
  // biome-ignore lint/suspicious/noExplicitAny: a model of whatever parameters
  constructor(model: URL | Model<any>, options: SimulationOptions = {}) {
    super();
    refuseUnknown(options, SIMULATION_OPTIONS, 'a simulation');
    this.#model = model;
    this.#clusters = checkWhole('clusters', options.clusters ?? 1, 1, 1024);
    this.#transport = options.transport ?? inProcess();
    if (typeof this.#transport?.launch !== 'function') {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        'transport is no transport: give one, such as threads() with its ()',
        {
          value: this.#transport,
        },
      );
    }
    if (typeof model === 'string') {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `the model is ${show(model)}: give the URL of its module, new URL('./model.js', import.meta.url)`,
        { value: model },
      );
    }
    if (!(model instanceof URL) && this.#transport.name !== 'in-process') {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        `the model was given as a value, but nodes over ${this.#transport.name} load it themselves: give the URL of its module`,
      );
    }
    const logLevel = options.logLevel ?? 'off';
    if (logLevel !== 'off') checkChoice('logLevel', logLevel, LOG_LEVELS);
    this.#stallTimeout = checkNumber('stallTimeout', options.stallTimeout ?? 60_000, 0, 2 ** 31 - 1);
    this.#progressInterval = checkNumber('progressInterval', options.progressInterval ?? 100, 1, 2 ** 31 - 1);
    const roundLimit = checkRoundLimit(options.roundLimit ?? 10_000_000);
    const rebalance = checkChoice('rebalance', options.rebalance ?? 'off', ['off', 'auto']);
    const traffic = checkWhole('traffic', options.traffic ?? 0, 0, 1_000_000);
    this.#data = {
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
      placement: this.#checkPlacement(options.placement),
      traffic: rebalance === 'auto' ? Math.max(1, traffic || REBALANCE_SAMPLE) : traffic,
      moves: rebalance === 'auto',
      inputs: checkInputs(options.inputs ?? []),
    };
    this.#inputs = new InputLog(this.#data.inputs);
    this.#policy = rebalance === 'auto' && this.#clusters > 1 ? new RebalancePolicy() : undefined;
    this.#merger = new JournalMerger(this.#clusters);
  }

  /** Simulated time in seconds at which the last run ended. */
  get time(): number {
    return this.#time;
  }

  /** Whether it was told to pause. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Loads the model into every node and adds its agents; {@link run} does it too where it has not been done.
   *
   * @throws {SimulationError} what the model or its parameters are refused for
   */
  async start(): Promise<void> {
    await this.#launch();
  }

  /**
   * Runs until one of the options ends it, an agent does, or nothing is left to do. The next call goes on from there.
   *
   * @throws {SimulationError} `ERR_TROUPE_AGENT_FAILED` when an agent threw and `onError` is `stop`;
   *   `ERR_TROUPE_NODE_STALLED`; `ERR_TROUPE_RUN_STATE` while another run goes on
   * @throws {TransportError} when a node is lost
   */
  async run(options: RunOptions = {}): Promise<Report> {
    this.#checkState();
    checkRunOptions(options, this.#time);
    return this.#begin(options, Number.POSITIVE_INFINITY);
  }

  /** Runs one window (one round, where the model has no lookahead) and pauses. */
  async step(options: RunOptions = {}): Promise<Report> {
    this.#checkState();
    checkRunOptions(options, this.#time);
    return this.#begin(options, 1);
  }

  /** Holds the run at the next barrier, in all clusters, until {@link resume}. What is held is not visible in a result. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#interrupt();
    this.emit('paused');
  }

  /** Lets a paused run go on. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#goOn();
    this.emit('resumed');
  }

  /**
   * Every delivery from now on, in canonical order, in whatever cluster: the same for every placement. The run is held
   * while the reader is behind. Ends when the simulation is closed, or with `break`.
   *
   * @throws {SimulationError} `ERR_TROUPE_OPTION` unless the simulation was made with `eventLog: true`
   */
  eventLog(): AsyncIterableIterator<EventRecord> {
    if (!this.#data.eventLog) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        'the event log is off: make the simulation with eventLog: true',
      );
    }
    const stream: EventStream = new EventStream(() => this.#goOn());
    if (this.#state.kind === 'closed' || this.#state.kind === 'failed') stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /**
   * Opens a way in for messages from outside, also while a run goes on. Each is given a simulated time in one place, the
   * earliest that no cluster has reached (paced, that of the wall), and is logged in {@link inputs}: a simulation that is
   * made with these inputs has the same course. While an input is open, a run that has nothing left to do waits.
   *
   * ```ts
   * const input = simulation.openInput();
   * const running = simulation.run({ speed: 1 });
   * await input.send('exchange', 'order', { side: 'buy', price: 101 });
   * input.close();
   * const report = await running;
   * ```
   *
   * @throws {SimulationError} `ERR_TROUPE_RUN_STATE` when the simulation is closed or has failed
   */
  openInput(): SimulationInput {
    if (this.#state.kind === 'closed' || this.#state.kind === 'failed') this.#checkState();
    this.#setOpen(this.#openInputs + 1);
    return new SimulationInput({
      send: (to, topic, body, at) => {
        if (this.#state.kind === 'closed' || this.#state.kind === 'failed') this.#checkState();
        const { input, record } = this.#inputs.add(to, topic, body, at);
        this.#toNodeZero({ type: 'inputs', inputs: [input] });
        return record;
      },
      close: () => this.#setOpen(this.#openInputs - 1),
    });
  }

  /** What came from outside so far, in the order in which it was given its times. */
  get inputs(): readonly InputRecord[] {
    return this.#inputs.records;
  }

  #setOpen(count: number): void {
    const was = this.#openInputs > 0;
    this.#openInputs = count;
    if (was !== count > 0) this.#toNodeZero({ type: 'open', open: count > 0 });
  }

  /** What comes before the nodes are there is told when they are. */
  #toNodeZero(message: HostMessage): void {
    if (this.#group === undefined || this.#onReady !== undefined) {
      this.#early.push(message);
      return;
    }
    this.#group.post(0, message);
    // The others may wait for a barrier that node 0 comes to at once now.
    for (let node = 1; node < this.#clusters; node += 1) this.#group.post(node, { type: 'wake' });
  }

  readonly #early: HostMessage[] = [];

  /**
   * Who talked to whom since the simulation was started, as far as it was counted. Between two runs.
   *
   * @throws {SimulationError} `ERR_TROUPE_OPTION` unless the simulation was made with `traffic`
   */
  async traffic(): Promise<Traffic> {
    if (this.#data.traffic === 0) {
      throw new SimulationError(
        'ERR_TROUPE_OPTION',
        'nothing is counted: make the simulation with traffic: 1, or with a larger number to count one in so many',
      );
    }
    this.#checkState();
    await this.#launch();
    return (await placementTools()).mergeTraffic((await this.#askTraffic(false)).map(({ part }) => part));
  }

  #askTraffic(reset: boolean): Promise<TrafficTold[]> {
    return new Promise((resolve, reject) => {
      this.#asked = { parts: [], resolve, reject };
      this.#tell({ type: 'traffic', reset });
    });
  }

  /**
   * Moves agents to where `placement` has them, between two runs. The digest does not show it.
   *
   * @throws {SimulationError} `ERR_TROUPE_PLACEMENT`; the next run rejects with `ERR_TROUPE_AGENT_STATE` when an agent
   *   cannot move
   */
  async place(placement: Placement): Promise<void> {
    this.#checkState();
    this.#checkPlacement(placement);
    await this.#launch();
    this.#tell({ type: 'move', moves: { agents: placement.agents, clusters: placement.cluster } });
  }

  #checkPlacement(placement: Placement | undefined): Placement | undefined {
    if (placement === undefined) return undefined;
    checkPlacement(placement);
    if (placement.clusters === this.#clusters) return placement;
    throw new SimulationError(
      'ERR_TROUPE_PLACEMENT',
      `the placement is for ${placement.clusters} clusters, the simulation has ${this.#clusters}: partition the traffic for as many`,
      { value: placement.clusters },
    );
  }

  /** While the run is held: looks whether agents are better off elsewhere, and moves them there. */
  async #look(run: Run): Promise<void> {
    const told = await this.#askTraffic(true);
    const { mergeTraffic, partition, placementQuality } = await placementTools();
    const traffic = mergeTraffic(told.map(({ part }) => part));
    const home = new Map<AgentId, number>();
    for (const { part, homes } of told) {
      part.agents.forEach((id, at) => void home.set(id, homes[at] as number));
    }
    const homeOf = (id: AgentId): number => home.get(id) as number;
    const placement = partition(traffic, { clusters: this.#clusters, near: homeOf });
    const before = placementQuality(traffic, homeOf, this.#clusters);
    const after = placementQuality(traffic, placement);
    const policy = this.#policy as RebalancePolicy;
    policy.looked(this.#ranFor);
    const moves = policy.isWorth(before, after) ? movesOf(placement, homeOf) : NO_MOVES;
    if (moves.agents.length > 0) this.#tell({ type: 'move', moves });
    const quality = moves.agents.length > 0 ? after : before;
    run.rebalances.push({
      simTime: this.#time,
      moved: moves.agents.length,
      crossing: { before: before.crossing, after: quality.crossing },
      balance: { before: before.balance, after: quality.balance },
    });
  }

  /** Ends a run that goes on, and all nodes. Idempotent. */
  async close(): Promise<void> {
    if (this.#state.kind === 'running') {
      this.#fail(new SimulationError('ERR_TROUPE_RUN_STATE', 'the simulation was closed while it ran'));
    }
    this.#state = { kind: 'closed' };
    const closed = new SimulationError('ERR_TROUPE_RUN_STATE', 'the simulation was closed');
    this.#inputs.fail(closed);
    this.#asked?.reject(closed);
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    clearInterval(this.#watch);
    // A model that never loads must not keep us waiting.
    this.#onReady?.reject(
      new SimulationError('ERR_TROUPE_RUN_STATE', 'the simulation was closed while it started'),
    );
    try {
      await this.#launching;
    } catch {
      // Whoever called start() or run() was told.
    }
    await this.#group?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkState(): void {
    switch (this.#state.kind) {
      case 'idle':
        return;
      case 'running':
        throw new SimulationError('ERR_TROUPE_RUN_STATE', 'a run is going on: await it before the next');
      case 'closed':
        throw new SimulationError('ERR_TROUPE_RUN_STATE', 'the simulation is closed: make another');
      default:
        throw new SimulationError(
          'ERR_TROUPE_RUN_STATE',
          `an earlier run failed (${this.#state.error.message}): make another simulation`,
          { cause: this.#state.error },
        );
    }
  }

  async #begin(options: RunOptions, windows: number): Promise<Report> {
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    const run: Run = {
      resolve,
      reject,
      options,
      parts: [],
      failures: [],
      earlier: [],
      rebalances: [],
      eventsBefore: 0,
      held: false,
      windows,
    };
    this.#state = { kind: 'running', run };
    const onAbort = (): void => {
      if (run.held) this.#endHeld(run);
      else this.#tell({ type: 'abort', run: this.#runs });
    };
    try {
      const group = await this.#launch();
      if (this.#state.kind === 'running') {
        RUN_START_CHANNEL.publish({ time: this.#time, seed: this.#data.seed });
        options.signal?.addEventListener('abort', onAbort, { once: true });
        this.#watchNodes(group, run);
        this.#order(run);
        if (options.signal?.aborted) onAbort();
        if (this.#paused && windows === Number.POSITIVE_INFINITY) this.#interrupt();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    try {
      return await promise;
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      clearInterval(this.#watch);
    }
  }

  /** A run that is held is aborted where it stands: its nodes wait for orders. */
  #endHeld(run: Run): void {
    const last = run.earlier.pop() as RunPart[];
    this.#complete(
      run,
      last.map((part) => ({ ...part, reason: 'aborted' as const })),
    );
  }

  /** Starts a stretch of a run in all nodes. */
  #order(run: Run): void {
    const limits = checkRunOptions(run.options, this.#time);
    this.#runs += 1;
    run.parts.length = 0;
    const order: RunOrder = {
      until: limits.until,
      maxEvents: limits.maxEvents - run.eventsBefore,
      stopWhenIdle: limits.stopWhenIdle,
      clearAlarmsAtEnd: limits.clearAlarmsAtEnd,
      speed: limits.speed,
      windows: run.windows,
      startTime: this.#time,
    };
    this.#tell({ type: 'run', order });
  }

  #tell(message: HostMessage): void {
    for (let node = 0; node < this.#clusters; node += 1) this.#group?.post(node, message);
  }

  #launch(): Promise<NodeGroup> {
    this.#launching ??= this.#launchNodes();
    return this.#launching;
  }

  async #launchNodes(): Promise<NodeGroup> {
    // Refused here, a mistake in parameters reads better than from a node; only models in this thread are loaded.
    if (!(this.#model instanceof URL)) {
      this.#loaded = await loadModel(this.#model);
      resolveParams(this.#loaded.params ?? {}, this.#data.params);
    }
    const program = new URL(`./node/program${extname(import.meta.url)}`, import.meta.url);
    const group = await this.#transport.launch({ nodes: this.#clusters, program, data: this.#data });
    this.#group = group;
    const prints: string[] = [];
    const ready = Promise.withResolvers<void>();
    this.#onReady = { prints, resolve: ready.resolve, reject: ready.reject };
    group.onEvent((event) => this.#hear(event));
    try {
      await ready.promise;
      const odd = prints.findIndex((print) => print !== prints[0]);
      if (odd !== -1) {
        throw new SimulationError(
          'ERR_TROUPE_FINGERPRINT',
          `node ${odd} runs ${prints[odd]}, node 0 ${prints[0]}: results would differ; run all nodes on one release of Troupe, one line of Node and one version of the model`,
          { node: odd },
        );
      }
    } catch (error) {
      await group.close();
      throw error;
    } finally {
      this.#onReady = undefined;
    }
    for (const message of this.#early.splice(0)) this.#toNodeZero(message);
    return group;
  }

  #onReady:
    | { readonly prints: string[]; readonly resolve: () => void; readonly reject: (error: Error) => void }
    | undefined;

  #hear(event: NodeEvent): void {
    if (event.type === 'lost') {
      this.#fail(event.error);
      return;
    }
    if (event.type === 'ended') {
      if (this.#state.kind === 'running' && this.#onReady === undefined) {
        this.#fail(
          new TransportError('ERR_TROUPE_NODE_EXITED', `node ${event.node} ended before the run did`, {
            node: event.node,
          }),
        );
      }
      return;
    }
    const message = event.message as NodeMessage;
    switch (message.type) {
      case 'ready':
        if (this.#onReady !== undefined) {
          this.#onReady.prints[event.node] = message.fingerprint;
          if (Object.keys(this.#onReady.prints).length === this.#clusters) this.#onReady.resolve();
        }
        return;
      case 'names': {
        let ids = this.#ids[event.node];
        if (ids === undefined) {
          ids = [];
          this.#ids[event.node] = ids;
        }
        for (let at = 0; at < message.ids.length; at += 1) {
          ids[message.indexes[at] as number] = message.ids[at] as AgentId;
        }
        return;
      }
      case 'journal':
        this.#merger.take(event.node, message.journal);
        this.#publish(this.#merger.ready());
        return;
      case 'failed': {
        const error = unpackError(message.error, `node ${event.node}`, { SimulationError, TransportError });
        if (message.fatal) this.#fail(error);
        else if (this.#state.kind === 'running') this.#state.run.failures.push(error);
        return;
      }
      case 'inputs':
        this.#inputs.timed(message.first, message.times);
        return;
      case 'traffic':
        if (this.#asked !== undefined) {
          this.#asked.parts[event.node] = message;
          if (Object.keys(this.#asked.parts).length < this.#clusters) return;
          this.#asked.resolve(this.#asked.parts);
          this.#asked = undefined;
        }
        return;
      case 'finished':
        this.#finished(event.node, message.part);
    }
  }

  #publish(merged: Merged): void {
    for (const entry of merged.logs) this.emit('log', entry);
    for (const letter of merged.letters) this.emit('deadLetter', letter);
    if (merged.events.length === 0) return;
    for (const stream of this.#streams) {
      if (stream.ended) this.#streams.delete(stream);
      for (const event of merged.events) stream.push(event);
      if (stream.backlog > LOG_BACKLOG) this.#interrupt();
    }
  }

  #interrupt(): void {
    if (this.#state.kind === 'running') this.#tell({ type: 'interrupt', run: this.#runs });
  }

  /** Whether something holds the run: its owner, or a reader who is behind. */
  #isHeld(): boolean {
    if (this.#paused || this.#lookNow) return true;
    for (const stream of this.#streams) if (stream.backlog > LOG_BACKLOG / 2) return true;
    return false;
  }

  #goOn(): void {
    if (this.#state.kind !== 'running' || !this.#state.run.held || this.#isHeld()) return;
    this.#state.run.held = false;
    this.#order(this.#state.run);
  }

  #finished(node: number, part: RunPart): void {
    if (this.#state.kind !== 'running') return;
    const { run } = this.#state;
    run.parts[node] = part;
    const parts = run.parts.filter((known) => known !== undefined);
    if (parts.length < this.#clusters) return;
    if (run.failures.length > 0) {
      this.#fail(this.#leastFailure(run.failures));
      return;
    }
    this.#publish(this.#merger.end());
    const first = parts[0] as RunPart;
    this.#time = Math.max(...parts.map((known) => known.simTime));
    if (first.reason === 'failed') {
      this.#fail(new SimulationError('ERR_TROUPE_AGENT_FAILED', 'the run failed, but no node said why'));
      return;
    }
    // An interruption by the owner is not the end: the run goes on when nothing holds it.
    const interrupted =
      first.reason === 'paused' && first.by === undefined && run.windows === Number.POSITIVE_INFINITY;
    if (interrupted && run.options.signal?.aborted !== true) {
      run.earlier.push(parts);
      run.eventsBefore += parts.reduce((sum, known) => sum + known.events, 0);
      run.held = true;
      this.#ranFor += Math.max(...parts.map((known) => known.wallTime));
      if (this.#lookNow) {
        this.#look(run).then(
          () => {
            this.#lookNow = false;
            this.#goOn();
          },
          (error: unknown) => this.#fail(error as Error),
        );
      } else {
        this.#goOn();
      }
      return;
    }
    this.#complete(run, parts);
  }

  #complete(run: Run, parts: RunPart[]): void {
    const report = this.#report(run, parts);
    this.#state = { kind: 'idle' };
    RUN_END_CHANNEL.publish(report);
    run.resolve(report);
  }

  /** Of several agents that threw in one window: the first in simulated time, then by id. */
  #leastFailure(failures: Error[]): Error {
    const sorted = failures.sort((a, b) =>
      a instanceof SimulationError && b instanceof SimulationError ? compareFailures(a, b) : 0,
    );
    const first = sorted[0] as Error;
    if (first instanceof SimulationError && first.time !== undefined) {
      this.#publish(this.#merger.end({ time: first.time, round: first.round ?? 0 }));
    }
    return first;
  }

  #report(run: Run, last: RunPart[]): Report {
    const stretches = [...run.earlier, last];
    const first = (stretches[0] as RunPart[])[0] as RunPart;
    const end = last[0] as RunPart;
    const sum = (pick: (part: RunPart) => number): number =>
      stretches.reduce((total, parts) => total + parts.reduce((inner, part) => inner + pick(part), 0), 0);
    const wallTime = stretches.reduce(
      (total, parts) => total + Math.max(...parts.map((part) => part.wallTime)),
      0,
    );
    const digest = new RunDigest();
    for (const part of last) digest.merge(part.digest);
    const clusters: ClusterLoad[] = last.map((part, cluster) => {
      const own = (pick: (part: RunPart) => number): number =>
        stretches.reduce((total, parts) => total + pick(parts[cluster] as RunPart), 0);
      return {
        cluster,
        agents: part.agents,
        events: own((stretch) => stretch.events),
        local: own((stretch) => stretch.local),
        remote: own((stretch) => stretch.remote),
        busy: own((stretch) => stretch.busy),
      };
    });
    const counters = mergeCounters(last);
    return {
      reason: end.reason as EndReason,
      ...(end.by === undefined ? {} : { by: end.by, value: end.value }),
      simTime: this.#time,
      wallTime,
      ratio: (this.#time - first.startTime) / wallTime,
      events: sum((part) => part.events),
      local: sum((part) => part.local),
      remote: sum((part) => part.remote),
      deadLetters: sum((part) => part.deadLetters),
      failures: sum((part) => part.failures),
      barriers: stretches.reduce((total, parts) => total + (parts[0] as RunPart).barriers, 0),
      clusters,
      results: sortedResults(last.map((part) => part.reports)),
      digest: this.#data.digest ? digest.toString() : '',
      ...(counters === undefined ? {} : { counters }),
      ...(this.#policy === undefined ? {} : { rebalances: run.rebalances }),
      seed: this.#data.seed,
    };
  }

  #fail(error: Error): void {
    this.#onReady?.reject(error);
    this.#asked?.reject(error);
    this.#asked = undefined;
    this.#inputs.fail(error);
    // A node that is lost between two runs is found by the next.
    if (this.#state.kind === 'idle') {
      this.#state = { kind: 'failed', error };
      for (const stream of this.#streams) stream.end();
    }
    if (this.#state.kind !== 'running') return;
    const { run } = this.#state;
    this.#state = { kind: 'failed', error };
    for (const stream of this.#streams) stream.end();
    clearInterval(this.#watch);
    // The nodes are of no use any more. Whoever awaits the run hears of it when they are gone.
    const closed = this.#group?.close() ?? Promise.resolve();
    closed.then(
      () => run.reject(error),
      (cause: unknown) => run.reject(new AggregateError([error, cause], error.message)),
    );
  }

  /** Looks at the pulses: for progress, and for nodes that have none. */
  #watchNodes(group: NodeGroup, run: Run): void {
    const pulses = Array.from({ length: this.#clusters }, (_, node) => group.pulse(node));
    const seen = pulses.map(() => ({ events: -1, windows: -1, agent: -1, since: performance.now() }));
    const total = (): number => pulses.reduce((sum, pulse) => sum + (pulse[PULSE_EVENTS] as number), 0);
    const atStart = total();
    const startWall = performance.now();
    let last = { wall: performance.now(), events: 0, time: this.#time };
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      const now = performance.now();
      const events = total() - atStart;
      const simTime = Math.min(...pulses.map((pulse) => pulse[PULSE_TIME] as number));
      const seconds = (now - last.wall) / 1000;
      if (this.listenerCount('progress') > 0 && !run.held) {
        this.emit('progress', {
          simTime,
          events,
          eventsPerSecond: (events - last.events) / seconds,
          ratio: (simTime - last.time) / seconds,
        });
      }
      last = { wall: now, events, time: simTime };
      const ranFor = this.#ranFor + (now - startWall) / 1000;
      if (!run.held && !this.#lookNow && this.#policy?.wantsLook(ranFor, total() - this.#lookedAt)) {
        this.#lookNow = true;
        this.#lookedAt = total();
        this.#interrupt();
      }
      if (this.#stallTimeout > 0) this.#checkStalls(group, pulses, seen, now);
    }, this.#progressInterval);
  }

  #checkStalls(
    group: NodeGroup,
    pulses: Float64Array[],
    seen: { events: number; windows: number; agent: number; since: number }[],
    now: number,
  ): void {
    pulses.forEach((pulse, node) => {
      const known = seen[node] as (typeof seen)[number];
      const events = pulse[PULSE_EVENTS] as number;
      const windows = pulse[PULSE_WINDOWS] as number;
      const called = pulse[PULSE_AGENT] as number;
      const goesOn = events !== known.events || windows !== known.windows || called !== known.agent;
      if (pulse[PULSE_STATE] !== STATE_RUNNING || goesOn) {
        known.agent = called;
        known.events = events;
        known.windows = windows;
        known.since = now;
        return;
      }
      if (now - known.since < this.#stallTimeout || this.#state.kind !== 'running') return;
      const agent = this.#ids[node]?.[pulse[PULSE_AGENT] as number];
      const who = agent === undefined ? '' : ` in agent ${show(agent)}`;
      const error = new SimulationError(
        'ERR_TROUPE_NODE_STALLED',
        `node ${node} has made no progress for ${Math.round(now - known.since)} ms${who}, at time ${pulse[PULSE_TIME]}: its handler does not return; mend it, or raise stallTimeout`,
        { node, ...(agent === undefined ? {} : { agent }), time: pulse[PULSE_TIME] as number },
      );
      group.terminate(node, error).catch((cause: unknown) => this.#fail(cause as Error));
    });
  }
}

/** One message in so many is counted where agents are to move. */
const REBALANCE_SAMPLE = 8;

const NO_MOVES: Moves = { agents: [], clusters: [] };

/** Loaded only by those who use it: it brings a library for graphs. */
function placementTools(): Promise<typeof import('./placement/index.ts')> {
  return import('./placement/index.ts');
}

/** Those whose place is another than before. */
function movesOf({ agents, cluster }: Placement, homeOf: (id: AgentId) => number): Moves {
  const moving: AgentId[] = [];
  const clusters: number[] = [];
  agents.forEach((id, at) => {
    const to = cluster[at] as number;
    if (homeOf(id) === to) return;
    moving.push(id);
    clusters.push(to);
  });
  return { agents: moving, clusters };
}

function mergeCounters(parts: readonly RunPart[]): Counters | undefined {
  if (parts.some((part) => part.counters === undefined)) return undefined;
  const byTopic = new Map<string, number>();
  const byAgent: [AgentId, number][] = [];
  for (const { counters } of parts) {
    for (const [topic, count] of Object.entries((counters as NodeCounters).byTopic)) {
      byTopic.set(topic, (byTopic.get(topic) ?? 0) + count);
    }
    for (const [id, count] of (counters as NodeCounters).byAgent) byAgent.push([id, count]);
  }
  return {
    byTopic: Object.fromEntries([...byTopic].sort(([a], [b]) => (a < b ? -1 : 1))),
    byAgent: keyedById(byAgent),
  };
}
