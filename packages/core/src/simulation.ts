import { EventEmitter } from 'node:events';
import { extname } from 'node:path';
import {
  type NodeEvent,
  type NodeGroup,
  type Transport,
  TransportError,
  unpackError,
} from '@troupe/transport';
import { SimulationError, show } from './errors.ts';
import { EventStream, JournalMerger, type Merged } from './event-log.ts';
import { checkFingerprints } from './fingerprint.ts';
import { InputLog, SimulationInput } from './input.ts';
import { compareFailures, type DeadLetter } from './kernel.ts';
import type { LogEntry } from './log.ts';
import type { AgentId } from './message.ts';
import type { Model } from './model.ts';
import { loadModel } from './node/load-model.ts';
import type {
  HostMessage,
  InputRecord,
  NodeData,
  NodeMessage,
  RunOrder,
  RunPart,
  TrafficTold,
} from './node/protocol.ts';
import { NodeWatch, type Progress, type Stall } from './node-watch.ts';
import { type EventRecord, RUN_END_CHANNEL, RUN_START_CHANNEL } from './observer.ts';
import { resolveParams } from './params.ts';
import type { Placement } from './placement/placement.ts';
import type { Traffic } from './placement/traffic.ts';
import { findMoves, type Rebalance, RebalancePolicy } from './rebalance.ts';
import type { Report } from './report.ts';
import { reportOf } from './run-report.ts';
import { checkRunOptions, type RunOptions } from './scheduler.ts';
import { checkPlacementFor, checkSimulationOptions, type SimulationOptions } from './simulation-options.ts';

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
  #watch: NodeWatch | undefined;
  readonly #inputs: InputLog;
  #openInputs = 0;
  readonly #policy: RebalancePolicy | undefined;
  #lookNow = false;
  /** Seconds that earlier runs took on the wall, and events when the counting of messages began. */
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
    const settings = checkSimulationOptions(model, options);
    this.#model = model;
    this.#clusters = settings.clusters;
    this.#transport = settings.transport;
    this.#stallTimeout = settings.stallTimeout;
    this.#progressInterval = settings.progressInterval;
    this.#data = settings.data;
    this.#inputs = new InputLog(this.#data.inputs);
    this.#policy = this.#data.moves && this.#clusters > 1 ? new RebalancePolicy() : undefined;
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
   * Who talked to whom since the simulation was started, as far as it was counted; with `rebalance`, since agents last
   * moved. Between two runs.
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
    // Loaded only by those who use it: it brings a library for graphs.
    const { mergeTraffic } = await import('./placement/index.ts');
    return mergeTraffic((await this.#askTraffic(false)).map(({ part }) => part));
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
    checkPlacementFor(placement, this.#clusters);
    await this.#launch();
    this.#tell({ type: 'move', moves: { agents: placement.agents, clusters: placement.cluster } });
  }

  /** While the run is held: looks whether agents are better off elsewhere, and moves them there. */
  async #look(run: Run): Promise<void> {
    const policy = this.#policy as RebalancePolicy;
    const told = await this.#askTraffic(false);
    const { moves, ...found } = await findMoves(told, this.#clusters, policy);
    policy.looked(this.#ranFor + (this.#watch as NodeWatch).seconds);
    if (moves.agents.length > 0) {
      this.#tell({ type: 'move', moves });
      // What was said before tells less of what will be said from now on.
      await this.#askTraffic(true);
      this.#lookedAt = (this.#watch as NodeWatch).total;
    }
    run.rebalances.push({ simTime: this.#time, moved: moves.agents.length, ...found });
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
    this.#watch?.stop();
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
        this.#watch = this.#watchNodes(group, run);
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
      this.#ranFor += this.#watch?.seconds ?? 0;
      this.#watch?.stop();
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
      checkFingerprints(prints);
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
    const rebalances = this.#policy === undefined ? undefined : run.rebalances;
    const report = reportOf([...run.earlier, parts], this.#time, this.#data, rebalances);
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
    this.#watch?.stop();
    // The nodes are of no use any more. Whoever awaits the run hears of it when they are gone.
    const closed = this.#group?.close() ?? Promise.resolve();
    closed.then(
      () => run.reject(error),
      (cause: unknown) => run.reject(new AggregateError([error, cause], error.message)),
    );
  }

  #watchNodes(group: NodeGroup, run: Run): NodeWatch {
    return new NodeWatch(group, {
      interval: this.#progressInterval,
      stallTimeout: this.#stallTimeout,
      time: this.#time,
      onLook: (progress, seconds, total) => {
        if (run.held) return;
        this.emit('progress', progress);
        const counted = (total - this.#lookedAt) / this.#data.traffic;
        const agents = Math.max(...this.#ids.map((ids) => ids.length));
        if (this.#lookNow || !this.#policy?.wantsLook(this.#ranFor + seconds, counted, agents)) return;
        this.#lookNow = true;
        this.#interrupt();
      },
      onStall: (stall) => this.#endStalled(group, stall),
    });
  }

  #endStalled(group: NodeGroup, { node, since, agent: index, time }: Stall): void {
    if (this.#state.kind !== 'running') return;
    const agent = this.#ids[node]?.[index];
    const who = agent === undefined ? '' : ` in agent ${show(agent)}`;
    const error = new SimulationError(
      'ERR_TROUPE_NODE_STALLED',
      `node ${node} has made no progress for ${Math.round(since)} ms${who}, at time ${time}: its handler does not return; mend it, or raise stallTimeout`,
      { node, ...(agent === undefined ? {} : { agent }), time },
    );
    group.terminate(node, error).catch((cause: unknown) => this.#fail(cause as Error));
  }
}
