import { copyBody, PULSE_CELLS } from '@troupe/transport';
import type { AgentClass, Host } from '../agent.ts';
import { AgentTable } from '../agent-table.ts';
import { Directory } from '../directory.ts';
import type { SimulationError } from '../errors.ts';
import { checkId } from '../ids.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import { type AgentId, OUTSIDE } from '../message.ts';
import { PULSE_AGENT, PULSE_EVENTS } from '../pulse.ts';
import { Topics } from '../topics.ts';
import { AlarmClock, type Timed } from './alarm-clock.ts';
import { type CommandSurroundings, Commands } from './commands.ts';
import { type FailureSurroundings, Failures } from './failures.ts';
import type { Standing } from './idle-detector.ts';
import { type HostSurroundings, LiveHost } from './live-host.ts';
import type { MailboxLimits } from './mailbox.ts';
import { Mailroom, type MailroomSurroundings } from './mailroom.ts';
import { Opening, type OpeningSurroundings } from './opening.ts';
import { Outbox, type OutboxSurroundings } from './outbox.ts';
import {
  type ClusterCounters,
  isCounted,
  type LiveCommand,
  type Notice,
  noCounters,
  type Parcel,
} from './parcels.ts';
import { Post, type PostSurroundings } from './post.ts';
import type { Resident } from './resident.ts';
import { type Premises, Residents } from './residents.ts';
import { type Household, Runner } from './runner.ts';
import type { LiveClusterOptions, LiveSurroundings } from './surroundings.ts';

/**
 * The agents of one cluster in live mode. It decides everything and does no I/O: clock, links and owner are handed in,
 * and what agents answer is the only thing that it waits for.
 *
 * ```text
 *   from other clusters --accept--> post --> mailboxes --> runner --> agents
 *   clock --fire----------------->   ^                                  |
 *                                    +------- host: send, add, ... <----+
 * ```
 */
export class LiveCluster
  implements
    Household,
    OpeningSurroundings,
    CommandSurroundings,
    PostSurroundings,
    MailroomSurroundings,
    OutboxSurroundings,
    HostSurroundings,
    Premises,
    FailureSurroundings
{
  readonly cluster: number;
  readonly clusters: number;
  readonly seed: number;
  readonly limits: MailboxLimits;
  readonly classes: readonly AgentClass[];
  readonly table: AgentTable;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly host: Host;
  readonly runner: Runner;
  readonly mailroom: Mailroom;
  readonly post: Post;
  readonly opening: Opening;
  readonly outbox: Outbox;
  readonly residents: Residents;
  readonly failures: Failures;
  readonly clock: AlarmClock = new AlarmClock();
  readonly counters: ClusterCounters = noCounters();
  /** What agents reported, by name and agent. */
  readonly reports: Map<string, Map<AgentId, unknown>> = new Map();
  /** For those who watch from outside. */
  pulse: Float64Array = new Float64Array(PULSE_CELLS);
  /** Least level of log entries that are told, by its place among all. */
  logLevel: number = Number.POSITIVE_INFINITY;
  /** How many agents lived here when the run ended. */
  agentsAtEnd = 0;
  isHalting = false;

  readonly #around: LiveSurroundings;
  readonly #commands: Commands;
  #received = 0;
  #isPaused = false;
  #isDraining = false;
  /** The run is about to end: nobody is called until it does. */
  #isStopped = false;

  constructor(options: LiveClusterOptions, surroundings: LiveSurroundings) {
    this.#around = surroundings;
    this.cluster = options.cluster;
    this.clusters = options.clusters;
    this.seed = options.seed;
    this.limits = options.mailbox;
    this.classes = options.classes;
    this.table = new AgentTable(options.place);
    this.topics = new Topics(options.layouts);
    this.directory = new Directory(this.table);
    this.host = new LiveHost(this);
    this.runner = new Runner(this, options.handlerTimeout === 0 ? Infinity : options.handlerTimeout / 1000);
    this.outbox = new Outbox(this);
    this.mailroom = new Mailroom(this);
    this.post = new Post(this);
    this.opening = new Opening(this);
    this.#commands = new Commands(this);
    this.residents = new Residents(this);
    this.failures = new Failures(this, options.supervision);
  }

  get now(): number {
    return this.#around.now();
  }

  // ---------------------------------------------------------------- from start to end

  /** An agent of the beginning, if it is placed here. */
  populate(agentClass: AgentClass, id: AgentId, args: readonly unknown[]): void {
    if (this.table.homeOf(id) !== this.cluster) return;
    this.opening.expect(this.residents.populate(id, { agentClass, args }));
  }

  /** Sets up the agents of the beginning. Nothing is delivered before all clusters have. */
  begin(): void {
    this.#considerAll();
    this.opening.begin();
  }

  onOpen(early: readonly Timed[]): void {
    for (const timed of early) this.#sendLate(timed);
    this.#considerAll();
    this.tell({ kind: 'open' });
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#considerAll();
  }

  /** No alarm is set any more, and those that are pending are discarded: only what is under way is handled. */
  drain(): void {
    this.#isDraining = true;
    this.counters.alarmsLeft += this.clock.clear();
  }

  /** Handles nothing further: agents are torn down when what they do has settled. See {@link hasEnded}. */
  halt(): void {
    if (this.isHalting) return;
    this.drain();
    this.agentsAtEnd = this.table.living;
    this.isHalting = true;
    for (const _ of this.opening.take()) this.#discard();
    for (const resident of this.residents.all()) this.residents.leave(resident);
  }

  /** Whether it was halted and everything has settled. */
  get hasEnded(): boolean {
    return this.isHalting && this.residents.size === 0;
  }

  /** Lets go of all agents, whatever they still do. Answers whose calls have not settled. */
  abandon(): AgentId[] {
    this.halt();
    this.residents.abandon();
    return this.runner.unsettled.map(({ id }) => id);
  }

  // ---------------------------------------------------------------- what comes in

  /** A parcel of another cluster. */
  accept(parcel: Parcel): void {
    if (isCounted(parcel)) this.#received += 1;
    switch (parcel.kind) {
      case 'message':
        this.outbox.note(parcel.from);
        this.post.accept(parcel);
        return;
      case 'arrived':
        this.outbox.onArrived(parcel.sender, parcel.count);
        return;
      case 'command':
        this.#commands.obey(parcel.from, parcel.command);
        return;
      case 'outside':
        this.#admit(parcel.ticket, parcel.to, parcel.topic, parcel.body, parcel.sentAt);
        return;
      case 'ready':
        this.opening.onReady();
        return;
      default:
        this.mailroom.hear(parcel);
    }
  }

  /** A message from outside of all agents. What becomes of it is told under its ticket. */
  sendOutside(ticket: number, to: AgentId, topic: string, body: unknown): void {
    this.#received += 1;
    this.#admit(ticket, to, topic, body, this.now);
  }

  #admit(ticket: number, to: AgentId, topic: string, body: unknown, sentAt: number): void {
    try {
      checkId(to);
      this.topics.indexOf(topic);
      const home = this.table.homeOf(to);
      if (home !== this.cluster) this.outbox.send(home, { kind: 'outside', ticket, to, topic, body, sentAt });
      else this.post.send(OUTSIDE, to, topic, body, sentAt, false, ticket);
    } catch (error) {
      this.tell({ kind: 'refusal', ticket, error: error as Error });
    }
  }

  /** When {@link onTime} has something to do next, in seconds since the start. */
  get nextTime(): number {
    return Math.min(this.opening.isOpen ? this.clock.next : Infinity, this.runner.nextExpiry);
  }

  /** Sends what is due by now, and ends calls that have taken too long. */
  onTime(): void {
    this.runner.expire();
    if (!this.opening.isOpen) return;
    const { now } = this;
    for (let timed = this.clock.take(now); timed !== undefined; timed = this.clock.take(now)) {
      this.#sendLate(timed);
    }
  }

  /** Whether nothing is left to do here, until a parcel, a message from outside or an alarm comes. */
  isPassive(withAlarms: boolean): boolean {
    if (!this.opening.isOpen || this.runner.running > 0 || this.runner.hasMore || this.mailroom.queued > 0)
      return false;
    return !withAlarms || this.clock.live === 0;
  }

  get standing(): Standing {
    const { calls, running } = this.runner;
    // Each of these only grows.
    const work = this.outbox.sent + this.#received + this.counters.arrived + calls + (calls - running);
    return { sent: this.outbox.sent, received: this.#received, work };
  }

  // ---------------------------------------------------------------- what agents do

  get setsAlarms(): boolean {
    return !this.#isDraining;
  }

  dispatch(timed: Timed): void {
    if (this.opening.isOpen) this.#sendNow(timed);
    else this.opening.keep(timed);
    this.#around.wake();
  }

  #sendNow({ from, to, topic, body, sentAt, direct }: Timed): void {
    if (this.isHalting) {
      this.#discard();
    } else if (to === undefined) {
      this.post.broadcast(from, topic, body, sentAt);
    } else {
      this.post.send(from, to, topic, body, sentAt, direct);
    }
  }

  /** Sends what an agent has sent before: an error cannot be thrown there any more. */
  #sendLate(timed: Timed): void {
    try {
      this.#sendNow(timed);
    } catch (error) {
      this.failures.late(timed.from, timed.topic, error);
    }
  }

  #discard(): void {
    this.counters.arrived += 1;
    this.counters.discarded += 1;
  }

  command(from: AgentId, command: LiveCommand): void {
    this.#commands.give(from, command);
    this.#around.wake();
  }

  onAlarmLost(): void {
    this.counters.alarmsLeft += 1;
  }

  onStop(agent: AgentId, reason: string, value: unknown): void {
    this.#isStopped = true;
    this.tell({ kind: 'stop', agent, reason, value });
    this.#around.wake();
  }

  onPause(agent: AgentId): void {
    this.#isPaused = true;
    this.tell({ kind: 'pause', agent });
    this.#around.wake();
  }

  onLog(agent: AgentId, level: LogLevel, text: string, data: unknown): void {
    if (LOG_LEVELS.indexOf(level) < this.logLevel) return;
    this.tell({ kind: 'log', entry: { level, time: this.now, round: 0, agent, text, data: copyBody(data) } });
    this.#around.wake();
  }

  // ---------------------------------------------------------------- what happens to agents

  get isAwake(): boolean {
    return this.isHalting || !this.#isStopped;
  }

  get isOpen(): boolean {
    return this.opening.isOpen && !this.isHalting && !this.#isPaused;
  }

  #considerAll(): void {
    for (const resident of this.residents.all()) this.runner.consider(resident);
  }

  onCall(resident: Resident): void {
    this.pulse[PULSE_AGENT] = resident.index;
    this.pulse[PULSE_EVENTS] = this.runner.calls;
  }

  onSettled(): void {
    this.#around.wake();
  }

  onSetUp(resident: Resident): void {
    this.opening.onSetUp(resident);
  }

  onGone(resident: Resident): void {
    this.failures.forget(resident.id);
    this.residents.remove(resident);
    // One that left before it was set up is not waited for.
    this.opening.onSetUp(resident);
  }

  end(error: SimulationError): void {
    this.#isStopped = true;
    this.tell({ kind: 'fatal', error });
  }

  // ---------------------------------------------------------------- to the outside

  homeOf(id: AgentId): number {
    return this.table.homeOf(id);
  }

  carry(cluster: number, parcel: Parcel): void {
    this.#around.carry(cluster, parcel);
  }

  isFull(cluster: number): boolean {
    return this.#around.isFull(cluster);
  }

  tell(notice: Notice): void {
    this.#around.tell(notice);
  }

  /** Marks the indexes of the agent table that are needed though no agent may have them now. */
  mark(inUse: Uint8Array): void {
    this.directory.mark(inUse);
    this.residents.mark(inUse);
  }
}
