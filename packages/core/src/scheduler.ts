import type { Layout } from '@troupe/transport';
import { type Agent, type AgentClass, type AlarmInfo, type BareTopic, givenId } from './agent.ts';
import { ERROR_POLICIES, type ErrorPolicy } from './commands.ts';
import { RunDigest } from './digest.ts';
import type { Subscription } from './directory.ts';
import { SimulationError, show } from './errors.ts';
import { compareIds, keyedById } from './ids.ts';
import { type DeadLetter, Kernel } from './kernel.ts';
import { type KnownOptions, refuseUnknown } from './known-options.ts';
import { LOG_LEVELS, type LogEntry, type LogLevel } from './log.ts';
import { type AgentId, OUTSIDE, type Protocol } from './message.ts';
import { type EventRecord, RUN_END_CHANNEL, RUN_START_CHANNEL } from './observer.ts';
import type { PendingMessage } from './pending.ts';
import { NONE } from './queue/event-pool.ts';
import type { EndReason, Report } from './report.ts';
import { strictGuards } from './strict-guards.ts';
import { TIES, type Ties } from './ties.ts';
import { MAX_TIME } from './time.ts';
import { systemWallClock, type WallClock } from './wall-clock.ts';
import { windowEnd } from './window.ts';

export interface SchedulerOptions {
  /** Seed of all random streams: any finite number. Default 1. */
  readonly seed?: number;
  /** Simulated time at the start, in seconds. Default 0. */
  readonly startTime?: number;
  /** Promised least delay between agents of different clusters; what agents do to the world takes that long. Default 0. */
  readonly lookahead?: number;
  /** Layouts of bodies by topic. */
  readonly layouts?: Readonly<Record<string, Layout | undefined>>;
  /** Classes that agents may add. */
  readonly agents?: readonly AgentClass[];
  /**
   * Passes every message through the codec, as if it went to another cluster, checks the lookahead between any two
   * agents, and refuses agents that use the clock on the wall, `Math.random` or the like. Slow. Default false.
   */
  readonly strict?: boolean;
  /** Whether runs have a digest. Default false. */
  readonly digest?: boolean;
  /** Whether reports count messages by agent and topic. Default false. */
  readonly counters?: boolean;
  /** Most rounds of one instant. Default 10,000,000. */
  readonly roundLimit?: number;
  /** Who goes first of agents that sent in the same round: see {@link Ties}. Default `sender`. */
  readonly ties?: Ties;
  /** What happens when an agent throws. Default `stop`: `run` throws. */
  readonly onError?: ErrorPolicy;
  /** Called with each delivery, before the agent is: the event log. */
  readonly onEvent?: (event: EventRecord) => void;
  /** Called with what agents log. */
  readonly onLog?: (entry: LogEntry) => void;
  /** Least level that {@link onLog} gets. Default `debug`. */
  readonly logLevel?: LogLevel;
  /** Called with messages that reach nobody. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** The clock on the wall, for pacing and for the report. Default: the system's monotonic clock. */
  readonly wallClock?: WallClock;
}

export interface RunOptions {
  /** Simulated time at which the run ends; what is due then is left for the next run. Default: none. */
  readonly until?: number;
  /** The run ends after the round in which this many more events have been delivered. Default: none. */
  readonly maxEvents?: number;
  /** Whether the run ends when nothing is left but unref'd alarms. Default true; false needs `until`. */
  readonly stopWhenIdle?: boolean;
  /** Whether alarms that are pending at the end are discarded. Default false. */
  readonly clearAlarmsAtEnd?: boolean;
  /** Simulated seconds per second of wall time. Default: as fast as it goes. 1 is real time. */
  readonly speed?: number;
  /** Ends the run with reason `aborted` when it is aborted, between two rounds. */
  readonly signal?: AbortSignal;
}

const SCHEDULER_OPTIONS: KnownOptions<SchedulerOptions> = {
  seed: true,
  startTime: true,
  lookahead: true,
  layouts: true,
  agents: true,
  strict: true,
  digest: true,
  counters: true,
  roundLimit: true,
  ties: true,
  onError: true,
  onEvent: true,
  onLog: true,
  logLevel: true,
  onDeadLetter: true,
  wallClock: true,
};

const RUN_OPTIONS: KnownOptions<RunOptions> = {
  until: true,
  maxEvents: true,
  stopWhenIdle: true,
  clearAlarmsAtEnd: true,
  speed: true,
  signal: true,
};

/** How many rounds are run between looks at the abort signal. */
const SLICE = 1024;

/**
 * Runs agents in this thread, synchronously: the whole simulator for one cluster.
 *
 * ```ts
 * const scheduler = new Scheduler({ seed: 7 });
 * scheduler.add(new Player('anna'));
 * scheduler.add(new Player('ben'));
 * scheduler.send('anna', 'ball', { hits: 0 });
 * const report = scheduler.run();
 * ```
 */
export class Scheduler<P extends Protocol = Protocol> {
  readonly #kernel: Kernel;
  readonly #wall: WallClock;
  readonly #seed: number;
  readonly #digest: boolean;
  readonly #strict: boolean;
  readonly #outside: number;
  #running = false;
  #windows = 0;

  /** @throws {SimulationError} `ERR_TROUPE_OPTION`, naming option and value */
  constructor(options: SchedulerOptions = {}) {
    refuseUnknown(options, SCHEDULER_OPTIONS, 'a scheduler');
    const seed = options.seed ?? 1;
    this.#seed = seed;
    this.#wall = options.wallClock ?? systemWallClock;
    this.#digest = options.digest ?? false;
    this.#strict = options.strict ?? false;
    const { onLog } = options;
    this.#kernel = new Kernel({
      cluster: 0,
      clusters: 1,
      place: () => 0,
      seed: checkNumber('seed', seed, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
      lookahead: checkNumber('lookahead', options.lookahead ?? 0, 0, MAX_TIME),
      startTime: checkNumber('startTime', options.startTime ?? 0, 0, MAX_TIME),
      layouts: options.layouts ?? {},
      classes: options.agents ?? [],
      strict: this.#strict,
      roundLimit: checkRoundLimit(options.roundLimit ?? 10_000_000),
      ties: checkChoice('ties', options.ties ?? 'sender', TIES),
      onError: checkChoice('onError', options.onError ?? 'stop', ERROR_POLICIES),
      watch: { digest: this.#digest, counters: options.counters ?? false, onEvent: options.onEvent },
      // Called while a handler runs, but not part of it.
      onLog: onLog === undefined ? undefined : (entry) => strictGuards.outside(() => onLog(entry)),
      logLevel: LOG_LEVELS.indexOf(checkChoice('logLevel', options.logLevel ?? 'debug', LOG_LEVELS)),
      onDeadLetter: options.onDeadLetter,
    });
    this.#outside = this.#kernel.table.indexOf(OUTSIDE);
  }

  /** Simulated time in seconds. */
  get time(): number {
    return this.#kernel.now;
  }

  /** When the next event is due; infinity when none is pending. */
  get nextTime(): number {
    return this.#kernel.nextTime;
  }

  /** The ids of all agents, in order. */
  get agents(): AgentId[] {
    const { table } = this.#kernel;
    return table.ids.filter((_, index) => table.agents[index] !== undefined).sort(compareIds);
  }

  /**
   * Adds an agent and answers its id; its setup runs when the next run begins.
   *
   * @throws {SimulationError} `ERR_TROUPE_AGENT_DUPLICATE`, `ERR_TROUPE_AGENT_INVALID`, `ERR_TROUPE_ASYNC_HANDLER`
   */
  add(agent: Agent<P>, id?: AgentId): AgentId {
    this.#idle('add');
    return this.#kernel.adopt(agent as unknown as Agent, id);
  }

  /**
   * Removes an agent, calling its teardown.
   *
   * @throws {SimulationError} `ERR_TROUPE_AGENT_UNKNOWN`
   */
  remove(agent: AgentId | Agent<P>): void {
    this.#idle('remove');
    const id = typeof agent === 'object' ? givenId(agent as unknown as Agent) : agent;
    const known = id === undefined ? undefined : this.get(id);
    if (known === undefined || (typeof agent === 'object' && known !== agent)) throw unknownAgent(id);
    this.#strictly(() => this.#kernel.evict(this.#index(id as AgentId)));
    this.#throwFailure();
  }

  /** The agent with this id, if it is here. */
  get(id: AgentId): Agent<P> | undefined {
    const index = this.#kernel.table.find(id);
    return index === NONE ? undefined : (this.#kernel.table.agents[index] as unknown as Agent<P> | undefined);
  }

  /** Sends a message from outside; agents see {@link OUTSIDE} as its sender. */
  send<K extends BareTopic<P>>(to: AgentId, topic: K, body?: undefined, delay?: number): void;
  send<K extends keyof P & string>(to: AgentId, topic: K, body: P[K], delay?: number): void;
  send(to: AgentId, topic: string, body?: unknown, delay = 0): void {
    this.#idle('send');
    this.#kernel.send(this.#outside, to, topic, body, delay, false);
  }

  /** Sends to whoever is subscribed when it is due. */
  broadcast<K extends BareTopic<P>>(topic: K, body?: undefined, delay?: number): void;
  broadcast<K extends keyof P & string>(topic: K, body: P[K], delay?: number): void;
  broadcast(topic: string, body?: unknown, delay = 0): void {
    this.#idle('broadcast');
    this.#kernel.broadcast(this.#outside, topic, body, delay);
  }

  /** Pending alarms that the agent will get, whoever set them, earliest first. */
  alarms(id: AgentId): AlarmInfo[] {
    return this.#kernel.alarmsFor(this.#index(id));
  }

  /**
   * The messages and alarms that are pending, in order of the time they are due, those of one time in canonical order;
   * at most `limit`. What agents send in their setup is among them once a run has begun.
   *
   * @throws {SimulationError} `ERR_TROUPE_OPTION` when `limit` is no number from 0 on
   */
  pending(limit: number = Number.POSITIVE_INFINITY): PendingMessage[] {
    if (!(limit >= 0)) {
      throw new SimulationError('ERR_TROUPE_OPTION', `pending(${show(limit)}): give a number from 0 on`, {
        value: limit,
      });
    }
    return this.#kernel.pending(Math.floor(limit));
  }

  /** Who has exactly this subscription, in order of id. */
  subscribers(subscription: Subscription): AgentId[] {
    return this.#kernel.subscribers(subscription);
  }

  /**
   * Runs until one of the options ends it, an agent does, or nothing is left to do. The next call goes on from there.
   *
   * @throws {SimulationError} `ERR_TROUPE_AGENT_FAILED` when an agent threw and `onError` is `stop`; `ERR_TROUPE_ROUNDS`
   */
  run(options: RunOptions = {}): Report {
    return this.#strictly(() => this.#run(options));
  }

  /** Keeps the guards of strict mode up meanwhile. */
  #strictly<T>(work: () => T): T {
    if (!this.#strict) return work();
    strictGuards.install();
    try {
      return strictGuards.outside(work);
    } finally {
      strictGuards.uninstall();
    }
  }

  #run(options: RunOptions): Report {
    this.#idle('run');
    const limits = checkRunOptions(options, this.time);
    this.#running = true;
    const kernel = this.#kernel;
    const before = {
      events: kernel.events,
      local: kernel.local,
      remote: kernel.remote,
      windows: this.#windows,
    };
    const lettersBefore = kernel.deadLetters;
    const failuresBefore = kernel.failures;
    const startTime = kernel.now;
    RUN_START_CHANNEL.publish({ time: startTime, seed: this.#seed });
    const startWall = this.#wall.now();
    try {
      this.#prepare();
      if (limits.speed !== Number.POSITIVE_INFINITY) {
        kernel.pacer = (time) => {
          const wait = ((time - startTime) / limits.speed) * 1000 - (this.#wall.now() - startWall);
          if (wait > 0) this.#wall.sleep(wait);
        };
      }
      const target = kernel.events + limits.maxEvents;
      const reason = this.#loop(limits, target);
      // First, while what is due at the very end is still ahead.
      if (limits.clearAlarmsAtEnd) kernel.clearAlarms();
      if (reason === 'until' || (reason === 'idle' && !limits.stopWhenIdle)) {
        kernel.pacer?.(limits.until);
        kernel.moveTo(limits.until);
      }
      const wallTime = (this.#wall.now() - startWall) / 1000;
      const halt = kernel.halt;
      kernel.halt = undefined;
      const digest = new RunDigest();
      if (this.#digest) digest.merge(kernel.digest());
      const told = kernel.observer.counters();
      const counters = told && { byTopic: told.byTopic, byAgent: keyedById(told.byAgent) };
      const events = kernel.events - before.events;
      const local = kernel.local - before.local;
      const report: Report = {
        reason: reason === 'idle' && !limits.stopWhenIdle ? 'until' : reason,
        ...(halt === undefined ? {} : { by: { agent: halt.agent, reason: halt.reason }, value: halt.value }),
        simTime: kernel.now,
        wallTime,
        ratio: (kernel.now - startTime) / wallTime,
        events,
        local,
        remote: 0,
        deadLetters: kernel.deadLetters - lettersBefore,
        failures: kernel.failures - failuresBefore,
        barriers: this.#windows - before.windows,
        clusters: [{ cluster: 0, agents: kernel.table.living, events, local, remote: 0, busy: wallTime }],
        results: sortedResults([kernel.reports]),
        digest: this.#digest ? digest.toString() : '',
        ...(counters === undefined ? {} : { counters }),
        seed: this.#seed,
      };
      RUN_END_CHANNEL.publish(report);
      return report;
    } finally {
      kernel.pacer = undefined;
      this.#running = false;
    }
  }

  /** Runs one round, setting up new agents first; false when nothing is due. */
  step(): boolean {
    return this.#strictly(() => this.#step());
  }

  #step(): boolean {
    this.#idle('step');
    this.#running = true;
    try {
      this.#prepare();
      this.#kernel.alarms.settle();
      const before = this.#kernel.rounds;
      this.#kernel.advance(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1);
      this.#kernel.halt = undefined;
      this.#throwFailure();
      return this.#kernel.rounds > before;
    } finally {
      this.#running = false;
    }
  }

  #prepare(): void {
    this.#kernel.observer.refresh();
    // Nobody watches from outside whom indexes name.
    this.#kernel.table.renamed.length = 0;
    this.#kernel.setUp();
    this.#kernel.completeSetUp();
    this.#throwFailure();
  }

  /** A simulation of one cluster must end where one of many does, so windows are the same here as there. */
  #loop(limits: Limits, target: number): EndReason {
    const kernel = this.#kernel;
    for (;;) {
      kernel.alarms.settle();
      if (limits.signal?.aborted) return 'aborted';
      if (kernel.events >= target) return 'maxEvents';
      if (limits.stopWhenIdle && kernel.live <= 0) return 'idle';
      const next = kernel.nextTime;
      if (next === Number.POSITIVE_INFINITY) return 'idle';
      if (next >= limits.until) return 'until';
      if (kernel.lookahead > 0) {
        kernel.advance(Math.min(limits.until, windowEnd(next, kernel.lookahead)));
        this.#windows += 1;
      } else {
        this.#windows += kernel.advance(limits.until, target, SLICE, limits.stopWhenIdle);
      }
      this.#throwFailure();
      if (kernel.halt !== undefined) return kernel.halt.kind;
    }
  }

  #throwFailure(): void {
    const { failure } = this.#kernel;
    if (failure === undefined) return;
    this.#kernel.failure = undefined;
    throw failure;
  }

  #index(id: AgentId): number {
    const index = this.#kernel.table.find(id);
    if (index === NONE || this.#kernel.table.agents[index] === undefined) {
      throw unknownAgent(id);
    }
    return index;
  }

  #idle(what: string): void {
    if (!this.#running) return;
    throw new SimulationError(
      'ERR_TROUPE_RUN_STATE',
      `${what}() was called on a scheduler while it runs: agents act through their own methods`,
    );
  }
}

interface Limits {
  readonly until: number;
  readonly maxEvents: number;
  readonly stopWhenIdle: boolean;
  readonly clearAlarmsAtEnd: boolean;
  readonly speed: number;
  readonly signal: AbortSignal | undefined;
}

/** Checks the options of a run that begins at `now`. */
export function checkRunOptions(options: RunOptions, now: number): Limits {
  refuseUnknown(options, RUN_OPTIONS, 'a run');
  const until = options.until ?? Number.POSITIVE_INFINITY;
  if (!(until >= now)) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `until is ${show(until)}: it is ${now} already; give a later time`,
      {
        value: until,
      },
    );
  }
  const maxEvents = options.maxEvents ?? Number.POSITIVE_INFINITY;
  if (!(maxEvents >= 1)) {
    throw new SimulationError('ERR_TROUPE_OPTION', `maxEvents is ${show(maxEvents)}: give 1 or more`, {
      value: maxEvents,
    });
  }
  const speed = options.speed ?? Number.POSITIVE_INFINITY;
  if (!(speed > 0)) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `speed is ${show(speed)}: give simulated seconds per second`,
      {
        value: speed,
      },
    );
  }
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new SimulationError('ERR_TROUPE_OPTION', 'signal is no AbortSignal: give controller.signal', {
      value: signal,
    });
  }
  const stopWhenIdle = options.stopWhenIdle ?? true;
  if (!stopWhenIdle && until === Number.POSITIVE_INFINITY) {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      'stopWhenIdle is false without until: such a run would not end; give until',
    );
  }
  return {
    until,
    maxEvents,
    stopWhenIdle,
    clearAlarmsAtEnd: options.clearAlarmsAtEnd ?? false,
    speed,
    signal,
  };
}

/** What agents reported, merged: names sorted, agents in order of id. */
export function sortedResults(
  parts: readonly ReadonlyMap<string, ReadonlyMap<AgentId, unknown>>[],
): Record<string, Record<string, unknown>> {
  const names = new Set(parts.flatMap((part) => [...part.keys()]));
  const results: Record<string, Record<string, unknown>> = {};
  for (const name of [...names].sort()) {
    const entries = parts.flatMap((part) => [...(part.get(name) ?? [])]);
    results[name] = keyedById(entries);
  }
  return results;
}

function unknownAgent(id: AgentId | undefined): SimulationError {
  const who = id === undefined ? 'which has no id yet' : show(id);
  return new SimulationError(
    'ERR_TROUPE_AGENT_UNKNOWN',
    `there is no such agent in this scheduler (${who}): add it first`,
    id === undefined ? {} : { agent: id },
  );
}

export function checkRoundLimit(limit: unknown): number {
  if (typeof limit === 'number' && limit >= 1) return limit;
  throw new SimulationError('ERR_TROUPE_OPTION', `roundLimit is ${show(limit)}: give 1 or more`, {
    value: limit,
  });
}

export function checkNumber(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  const range = Number.isFinite(min) ? ` from ${min} to ${max}` : '';
  throw new SimulationError('ERR_TROUPE_OPTION', `${name} is ${show(value)}: give a finite number${range}`, {
    value,
  });
}

export function checkWhole(name: string, value: unknown, min: number, max: number): number {
  const number = checkNumber(name, value, min, max);
  if (Number.isInteger(number)) return number;
  throw new SimulationError('ERR_TROUPE_OPTION', `${name} is ${number}: give a whole number`, {
    value: number,
  });
}

export function checkChoice<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw new SimulationError(
    'ERR_TROUPE_OPTION',
    `${name} is ${show(value)}: give one of ${choices.join(', ')}`,
    {
      value,
    },
  );
}
