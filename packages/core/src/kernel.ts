import { copyBody, type Layout, PULSE_CELLS, TransportError } from '@troupe/transport';
import {
  Agent,
  type AgentClass,
  type AlarmFilter,
  type AlarmId,
  type AlarmInfo,
  type AlarmOptions,
  bindAgent,
  givenId,
  type Host,
  unbindAgent,
  unpackKernelState,
} from './agent.ts';
import { blameState, restoreAgent } from './agent-state.ts';
import { AgentTable, BATCHED, ENDING, FAILED } from './agent-table.ts';
import { Alarms } from './alarms.ts';
import { refusePromise } from './async-guard.ts';
import { checkAgent, checkSubscription } from './checks.ts';
import type { Command, ErrorPolicy, Halt } from './commands.ts';
import { type Bytes, RunDigest } from './digest.ts';
import { Directory, type Subscription } from './directory.ts';
import { SimulationError, show } from './errors.ts';
import { checkId, compareIds } from './ids.ts';
import type { LogEntry, LogLevel } from './log.ts';
import { type AgentId, Delivery, type Message, OUTSIDE } from './message.ts';
import { fateOf, type Moves, packAgent, type Traveller } from './migration.ts';
import { DEAD_LETTER_CHANNEL, Observer, type Watch } from './observer.ts';
import { firstPending, type PendingMessage } from './pending.ts';
import { PULSE_AGENT, PULSE_EVENTS, PULSE_TIME } from './pulse.ts';
import {
  ALARM,
  BROADCAST,
  CANCELLED,
  COMMAND,
  COPY,
  COUNT,
  DIRECT,
  EventPool,
  FLAGS,
  HELD,
  IN_SETUP,
  INLINE_LIMIT,
  LAID_OUT,
  NONE,
  RECEIVER,
  RECORD_BYTES,
  SENDER,
  SHADOW,
  TOPIC,
  UNREF,
} from './queue/event-pool.ts';
import { LadderQueue } from './queue/ladder-queue.ts';
import { Random } from './random.ts';
import { StrictBodies } from './strict-bodies.ts';
import { strictGuards } from './strict-guards.ts';
import { type Ties, tieOf } from './ties.ts';
import { dueTime, MAX_TIME } from './time.ts';
import { Topics } from './topics.ts';

/** A message on its way to another cluster: what the record holds, by value. */
export interface Outgoing {
  readonly flags: number;
  readonly due: number;
  /** The round in which it is due; above 0 only at the time at which it was sent. */
  readonly dueRound: number;
  readonly sentAt: number;
  readonly sentRound: number;
  readonly sender: number;
  readonly count: number;
  /** Index of the addressee; NONE for broadcasts and commands. */
  readonly receiver: number;
  readonly topic: number;
  readonly body: unknown;
  /** The body in its declared layout, instead of `body`; valid during the call. */
  readonly raw?: { readonly bytes: Buffer; readonly start: number; readonly end: number };
}

/** The way to the other clusters. */
export interface Outlet {
  send(cluster: number, message: Outgoing): void;
  /** Calls back the alarm that `sender` set with its `count`, before the cluster runs on. */
  cancel(cluster: number, sender: number, count: number): void;
  /** Sends an agent to where it is to live. */
  move(cluster: number, traveller: Traveller): void;
  /** Marks the indexes of the agent table that the links still hold. */
  mark(inUse: Uint8Array): void;
  /** These indexes mean nothing any more. */
  forget(indexes: readonly number[]): void;
}

export interface KernelOptions {
  readonly cluster: number;
  readonly clusters: number;
  readonly place: (id: AgentId) => number;
  readonly seed: number;
  readonly lookahead: number;
  readonly ties: Ties;
  readonly startTime: number;
  readonly layouts: Readonly<Record<string, Layout | undefined>>;
  readonly classes: readonly AgentClass[];
  readonly strict: boolean;
  readonly roundLimit: number;
  readonly onError: ErrorPolicy;
  readonly watch: Watch;
  readonly onLog: ((entry: LogEntry) => void) | undefined;
  readonly logLevel: number;
  readonly onDeadLetter: ((letter: DeadLetter) => void) | undefined;
}

/** A message that reached nobody. */
export interface DeadLetter {
  readonly time: number;
  readonly round: number;
  readonly to: AgentId;
  readonly from: AgentId;
  readonly topic: string;
}

/** What a message must not be to be delivered without further ado. */
const ODD = CANCELLED | BROADCAST | SHADOW | COMMAND;

/** What takes more to open than reading the record. */
const UNUSUAL = COPY | UNREF | SHADOW | ALARM;

const LEVELS: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** How many deliveries are kept to name the cycle when an instant does not end. */
const CYCLE_SAMPLE = 8;

/**
 * Runs the agents of one cluster.
 *
 * ```text
 *    send, delay > 0 --> queue --- all due at the earliest time ---+
 *    send, delay 0   --> coming, the next round of this instant ---+--> round: per agent, its inbox in
 *    from other clusters, between two windows --> either of both        canonical order --> receive, update
 * ```
 *
 * The loop is {@link advance}; everything else prepares it or is called by agents from within it.
 */
export class Kernel implements Host {
  /** Simulated time in seconds. */
  now: number;
  /** The round being run; -1 before the first of an instant. */
  round = -1;
  readonly table: AgentTable;
  readonly observer: Observer;
  readonly directory: Directory;
  readonly topics: Topics;
  /** The alarms that are pending here. */
  readonly alarms: Alarms;
  readonly lookahead: number;
  readonly cluster: number;

  /** Deliveries so far. */
  events = 0;
  /** Messages sent within the cluster, and to others. */
  local = 0;
  remote = 0;
  deadLetters = 0;
  /** Agents that threw and did not stop the run. */
  failures = 0;
  /** Messages and alarms that keep the run alive. */
  live = 0;
  /** Rounds run so far. */
  rounds = 0;
  /** Set when an agent ended or interrupted the run. */
  halt: Halt | undefined;
  /** Set when an agent threw and the run must end: of one instant the one with the least id. */
  failure: SimulationError | undefined;
  /** What agents reported, by name and agent. */
  readonly reports: Map<string, Map<AgentId, unknown>> = new Map();

  /** What was sent to other clusters and not yet told to them: the earliest due, and how many keep a run alive. */
  sentDue: number = Number.POSITIVE_INFINITY;
  sentDueRound: number = Number.POSITIVE_INFINITY;
  sentLive = 0;

  /** Where it stands, for those who watch from outside: see {@link PULSE_TIME} and the cells after it. */
  pulse: Float64Array = new Float64Array(PULSE_CELLS);
  outlet: Outlet | undefined;
  /** Called before an instant is run, where time is paced. */
  pacer: ((time: number) => void) | undefined;

  readonly #options: KernelOptions;
  readonly #pool: EventPool;
  readonly #queue: LadderQueue;
  readonly #digest = new RunDigest();
  /** The round being run, and the next one of the same instant. */
  #batch = { slots: new Int32Array(64) };
  #coming = new Int32Array(64);
  #comingCount = 0;
  /** Commands pending: while 0, rounds are not searched for them. */
  #commands = 0;
  #touched = new Int32Array(64);
  #touchedCount = 0;
  #order = new Int32Array(64);
  readonly #awake = new Set<number>();
  /** Agents added but not set up yet. */
  #fresh: number[] = [];
  #inSetup = false;
  readonly #setupCommands: { sender: number; count: number; command: Command }[] = [];
  #found = new Set<number>();
  #cycle: string[] = [];
  /** Who threw in this round and ends the run: what else is in their inboxes is not delivered. */
  #ending: number[] = [];
  readonly #bytes: Bytes = { view: new DataView(new ArrayBuffer(0)), start: 0, length: 0 };
  #generated = 0;
  readonly #strict: StrictBodies | undefined;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.lookahead = options.lookahead;
    this.now = options.startTime + 0;
    let inline = 8;
    for (const layout of Object.values(options.layouts)) {
      if (layout !== undefined && layout.maxBytes <= INLINE_LIMIT) inline = Math.max(inline, layout.maxBytes);
    }
    this.#pool = new EventPool(inline);
    this.table = new AgentTable(options.place);
    this.topics = new Topics(options.layouts);
    this.directory = new Directory(this.table);
    this.observer = new Observer(options.watch, this.table);
    this.#queue = new LadderQueue(this.#pool, (slot) => this.#pool.release(slot));
    this.alarms = new Alarms(this, this.#pool, this.#queue, this.table, this.topics);
    this.#strict = options.strict ? new StrictBodies() : undefined;
  }

  // ---------------------------------------------------------------- agents

  /** Adds an agent whose setup runs with the next {@link setUp}. Answers its id. */
  adopt(agent: Agent, id: AgentId | undefined): AgentId {
    checkAgent(agent);
    if (id !== undefined) checkId(id);
    const given = givenId(agent);
    if (given !== undefined && id !== undefined && given !== id) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_ID',
        `the agent was added as ${show(id)} but its constructor chose ${show(given)}: let one of the two name it`,
        { agent: id },
      );
    }
    const name = given ?? id ?? this.generateId();
    this.#bind(agent, name);
    this.#fresh.push(this.table.indexOf(name));
    return name;
  }

  /** An id that no agent here has: `agent-1`, `agent-2`, in the order of the calls. */
  generateId(): AgentId {
    for (;;) {
      this.#generated += 1;
      const id = `agent-${this.#generated}`;
      const index = this.table.find(id);
      if (index === NONE || this.table.agents[index] === undefined) return id;
    }
  }

  #bind(agent: Agent, id: AgentId): number {
    checkId(id);
    checkAgent(agent);
    const index = this.table.indexOf(id);
    if (this.table.agents[index] !== undefined) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_DUPLICATE',
        `there is an agent ${show(id)} already: ids are unique`,
        {
          agent: id,
          time: this.now,
        },
      );
    }
    if (this.table.home[index] !== this.cluster) {
      throw new SimulationError(
        'ERR_TROUPE_PLACEMENT',
        `agent ${show(id)} is placed on cluster ${this.table.home[index]}, not here on ${this.cluster}`,
        { agent: id },
      );
    }
    if (agent.keepAwake) this.#refuseAwake(index);
    this.table.agents[index] = agent;
    this.table.flags[index] = agent.update === Agent.prototype.update ? 0 : BATCHED;
    this.table.digests[index * 2] = 0x243f6a88;
    this.table.digests[index * 2 + 1] = 0x85a308d3 | 0;
    this.table.living += 1;
    bindAgent(agent, this, index, id);
    return index;
  }

  /** Takes an agent out at once: its subscriptions, the alarms it set for itself, its place. */
  evict(index: number): void {
    const agent = this.table.agents[index] as Agent;
    this.directory.unsubscribeAll(index);
    this.alarms.cancelOwn(index);
    this.#awake.delete(index);
    this.#fresh = this.#fresh.filter((fresh) => fresh !== index);
    this.observer.fold(index, this.#digest);
    try {
      this.#guard(index, 'teardown', undefined, () => agent.teardown());
    } catch (error) {
      this.#failedAtEnd(index, error);
    }
    this.table.agents[index] = undefined;
    this.table.flags[index] = 0;
    this.table.living -= 1;
    unbindAgent(agent);
  }

  /** Runs the setup of new agents. What they send is due at once or later; nothing is delivered before it is over. */
  setUp(): void {
    this.#inSetup = true;
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const index of fresh) this.#setUpOne(index);
  }

  #setUpOne(index: number): void {
    const agent = this.table.agents[index];
    if (agent === undefined) return;
    this.pulse[PULSE_AGENT] = index;
    try {
      refusePromise(this.#guard(index, 'setup', undefined, () => agent.setup()) as unknown, agent, 'setup');
    } catch (error) {
      this.#failed(index, undefined, error);
    }
  }

  /** Calls an agent; in strict mode with an eye on what it uses. */
  #guard<T>(index: number, handler: string, topic: string | undefined, call: () => T): T {
    if (this.#strict === undefined) return call();
    return strictGuards.run(this.table.ids[index], handler, topic, call);
  }

  /** When every cluster has set up: subscriptions take hold, and what was sent meanwhile finds its subscribers. */
  completeSetUp(): void {
    this.#inSetup = false;
    this.#setupCommands.sort(
      (a, b) => this.#compareSenders(a.sender, b.sender, this.now, -1) || (a.count - b.count) | 0,
    );
    for (const { sender, command } of this.#setupCommands.splice(0)) this.#subscription(sender, command);
    const pool = this.#pool;
    const sent: number[] = [];
    const collect = (slot: number): void => {
      const flags = pool.flagsOf(slot);
      if ((flags & IN_SETUP) === 0) return;
      pool.setFlags(slot, flags & ~IN_SETUP);
      if ((flags & (DIRECT | BROADCAST | COMMAND | COPY | ALARM)) === 0) sent.push(slot);
    };
    this.#queue.forEach(collect);
    for (let index = 0; index < this.#comingCount; index += 1) collect(this.#coming[index] as number);
    if (this.directory.hasSpies) for (const slot of sent) this.#copyToSubscribers(slot);
  }

  // ---------------------------------------------------------------- the loop

  /** When the next event of this cluster is due; infinity when there is none. */
  get nextTime(): number {
    return this.#comingCount > 0 || this.#heldCount > 0 ? this.now : this.#queue.peek();
  }

  /** The round of the next event within its instant. */
  get nextRound(): number {
    if (this.#heldCount > 0) return this.round;
    return this.#comingCount > 0 ? this.round + 1 : 0;
  }

  /**
   * Runs what is due before `bound`, until that is done, an agent ended the run, `events` have been delivered in all,
   * `maxRounds` rounds were run, or, with `stopIdle`, nothing is left that keeps a run alive. Answers the rounds run.
   */
  advance(
    bound: number,
    events: number = Number.POSITIVE_INFINITY,
    maxRounds: number = Number.POSITIVE_INFINITY,
    stopIdle = false,
  ): number {
    let rounds = 0;
    while (this.halt === undefined && this.failure === undefined && rounds < maxRounds) {
      if (this.lookahead === 0) this.alarms.settle();
      if (stopIdle && this.live <= 0) break;
      const slot = this.#hasOnlyQueue() ? this.#queue.takeOne(bound, ODD) : NONE;
      if (slot !== NONE) {
        // The common case: a message that is due alone.
        this.now = this.#queue.taken;
        this.round = 0;
        this.rounds += 1;
        if (this.#ending.length > 0) this.#forgetEnding();
        this.pulse[PULSE_TIME] = this.now;
        this.#deliver(slot);
      } else {
        if (!this.#begin(bound)) break;
        this.#runRound();
      }
      rounds += 1;
      if (this.events >= events) break;
    }
    return rounds;
  }

  /** Whether the next event follows from the queue alone, and nothing else is to be done before it. */
  #hasOnlyQueue(): boolean {
    return (
      this.#comingCount === 0 &&
      this.#heldCount === 0 &&
      this.#awake.size === 0 &&
      this.#cycle.length === 0 &&
      this.pacer === undefined &&
      !this.table.wantsSweep
    );
  }

  /** Runs one round of one instant, if only for those that are always awake. */
  advanceRound(time: number, round: number): void {
    if (this.nextTime === time && this.nextRound === round) {
      if (!this.#begin(Number.POSITIVE_INFINITY)) return;
    } else {
      this.now = time;
      this.round = round;
      this.#batchCount = 0;
    }
    this.#runRound();
  }

  /** Moves the clock to where a run ended, with nothing due before. */
  moveTo(time: number): void {
    if (time > this.now) {
      this.now = time;
      this.round = -1;
    }
  }

  /** Takes the next round that is due before `bound` into the batch and sets the clock; false when there is none. */
  #begin(bound: number): boolean {
    if (this.#heldCount > 0) {
      if (this.now >= bound) return false;
      this.#batchCount = this.#heldCount;
      this.#heldCount = 0;
      return true;
    }
    if (this.#comingCount > 0) {
      if (this.now >= bound) return false;
      if (this.round !== -1 || this.#queue.peek() > this.now) {
        if (this.round >= this.#options.roundLimit - CYCLE_SAMPLE && !this.#sampleCycle()) return false;
        const slots = this.#batch.slots;
        this.#batch.slots = this.#coming;
        this.#batchCount = this.#comingCount;
        this.#coming = slots;
        this.#comingCount = 0;
        this.round += 1;
        return true;
      }
      // The first round of an instant: what came at no delay joins what was due anyway.
      for (let index = 0; index < this.#comingCount; index += 1) {
        const slot = this.#coming[index] as number;
        this.#pool.due[slot] = this.now;
        this.#queue.push(slot);
      }
      this.#comingCount = 0;
    }
    const time = this.#queue.peek();
    if (time >= bound) return false;
    if (this.pacer !== undefined) this.pacer(time);
    this.now = time;
    this.round = 0;
    if (this.#cycle.length > 0) this.#cycle = [];
    this.#batchCount = this.#queue.take(this.#batch);
    return true;
  }

  #batchCount = 0;
  #migrating = false;
  /** How much of the batch waits for the next run, since an agent ended or interrupted the last one in its round. */
  #heldCount = 0;

  #runRound(): void {
    this.rounds += 1;
    if (this.#ending.length > 0) this.#forgetEnding();
    this.pulse[PULSE_TIME] = this.now;
    if (this.table.wantsSweep) this.#sweep();
    if (this.#commands > 0 && this.#obey()) return;
    const count = this.#batchCount;
    if (count === 1 && this.#awake.size === 0) {
      const slot = this.#batch.slots[0] as number;
      if ((this.#pool.flagsOf(slot) & (BROADCAST | SHADOW)) === 0) {
        this.#deliver(slot);
        return;
      }
    }
    this.#sort(count);
    // Looked up each time: an agent that names a new id may make the table grow.
    const { table } = this;
    for (let index = 0; index < this.#touchedCount; index += 1) {
      const receiver = this.#touched[index] as number;
      const head = table.inbox[receiver] as number;
      table.inbox[receiver] = NONE;
      this.#handOver(receiver, head);
    }
    this.#touchedCount = 0;
  }

  /** Puts the batch into the inboxes of its receivers, chained through `pool.next`. */
  #sort(count: number): void {
    const { slots } = this.#batch;
    for (let index = 0; index < count; index += 1) {
      const slot = slots[index] as number;
      const flags = this.#pool.flagsOf(slot);
      if ((flags & (BROADCAST | SHADOW)) !== 0) {
        if ((flags & BROADCAST) !== 0) this.#fanOut(slot);
        else this.#letGo(slot);
      } else {
        const receiver = this.#word(slot, RECEIVER);
        // An alarm to another is delivered for all who look at it in this round, in whatever order they are called.
        if ((flags & ALARM) !== 0 && receiver !== this.#word(slot, SENDER)) {
          this.alarms.forget(slot);
          this.#pool.setFlags(slot, flags & ~ALARM);
        }
        this.#put(slot, receiver);
      }
    }
    for (const receiver of this.#awake) {
      if (this.table.inbox[receiver] === NONE) this.#touch(receiver);
    }
  }

  #put(slot: number, receiver: number): void {
    const head = this.table.inbox[receiver] as number;
    if (head === NONE) this.#touch(receiver);
    this.#pool.next[slot] = head;
    this.table.inbox[receiver] = slot;
  }

  #touch(receiver: number): void {
    if (this.#touchedCount === this.#touched.length) this.#touched = doubled(this.#touched);
    this.#touched[this.#touchedCount] = receiver;
    this.#touchedCount += 1;
  }

  /** A message for each local subscriber of the broadcast in `slot`. */
  #fanOut(slot: number): void {
    const sender = this.table.ids[this.#word(slot, SENDER)] as AgentId;
    const topic = this.#pool.topicOf(slot);
    const found = this.#found;
    found.clear();
    this.directory.match(sender, undefined, this.topics.name(topic), found);
    const body = this.#bodyOf(slot, topic);
    const keepsAlive = (this.#pool.flagsOf(slot) & UNREF) === 0 ? 1 : 0;
    for (const subscriber of found) {
      if (this.table.home[subscriber] !== this.cluster) continue;
      const copy = this.#newRecord(
        this.now,
        this.#pool.doubles[slot * this.#pool.doubleStride] as number,
        this.#pool.rounds[slot] as number,
        this.#word(slot, SENDER),
        this.#word(slot, COUNT),
        subscriber,
        topic,
        COPY,
      );
      this.#pool.hold(copy, { to: undefined, body: copyBody(body) });
      this.live += keepsAlive === 1 ? 1 : 0;
      if (keepsAlive === 0) this.#pool.setFlags(copy, COPY | UNREF | HELD);
      this.#put(copy, subscriber);
    }
    this.#letGo(slot);
  }

  /** Delivers the chain of messages that begins at `head`, in canonical order. */
  #handOver(receiver: number, head: number): void {
    if (
      head !== NONE &&
      this.#pool.next[head] === NONE &&
      ((this.table.flags[receiver] as number) & BATCHED) === 0
    ) {
      this.#deliver(head);
      return;
    }
    let count = 0;
    for (let slot = head; slot !== NONE; slot = this.#pool.next[slot] as number) {
      if (count === this.#order.length) this.#order = doubled(this.#order);
      this.#order[count] = slot;
      count += 1;
    }
    this.#arrange(count);
    const agent = this.table.agents[receiver];
    const flags = this.table.flags[receiver] as number;
    if (agent !== undefined && (flags & (BATCHED | FAILED | ENDING)) === BATCHED) {
      const inbox: Message[] = [];
      for (let index = 0; index < count; index += 1)
        inbox.push(this.#open(this.#order[index] as number, receiver));
      this.#update(agent, inbox, receiver);
      return;
    }
    for (let index = 0; index < count; index += 1) this.#deliver(this.#order[index] as number);
  }

  /** The hot path: hands one message to its agent. Straight-line, since V8 inlines only so much. */
  #deliver(slot: number): void {
    const { table } = this;
    const pool = this.#pool;
    const receiver = pool.words[slot * pool.wordStride + RECEIVER] as number;
    const agent = table.agents[receiver];
    if (agent === undefined || table.flags[receiver] !== 0) {
      this.#deliverOddly(slot, receiver, agent);
      return;
    }
    const half = slot * pool.halfStride;
    const flags = pool.halves[half + FLAGS] as number;
    let message: Message;
    if (this.observer.active || (flags & UNUSUAL) !== 0) {
      message = this.#open(slot, receiver);
    } else {
      const topic = pool.halves[half + TOPIC] as number;
      const body =
        (flags & LAID_OUT) === 0
          ? pool.bodies[slot]
          : (flags & HELD) !== 0
            ? this.#bodyOf(slot, topic)
            : (this.topics.layout(topic) as Layout).decode(
                pool.view,
                pool.bytes,
                slot * pool.stride + RECORD_BYTES,
              );
      message = new Delivery(
        table.ids[pool.words[slot * pool.wordStride + SENDER] as number] as AgentId,
        table.ids[receiver],
        this.topics.name(topic),
        body,
        pool.doubles[slot * pool.doubleStride] as number,
      ) as Message;
      this.live -= 1;
      pool.release(slot);
      this.events += 1;
      this.pulse[PULSE_EVENTS] = this.events;
    }
    this.pulse[PULSE_AGENT] = receiver;
    try {
      const answer: unknown =
        this.#strict === undefined ? agent.receive(message) : this.#receiveGuarded(agent, message, receiver);
      if (answer !== undefined) refusePromise(answer, agent, 'receive');
    } catch (error) {
      this.#failed(receiver, message.topic, error);
    }
  }

  /** To who is gone, is about to go, or takes whole inboxes. */
  #deliverOddly(slot: number, receiver: number, agent: Agent | undefined): void {
    const flags = this.table.flags[receiver] as number;
    if ((flags & ENDING) !== 0) this.#letGo(slot);
    else if (agent === undefined || (flags & FAILED) !== 0) this.#deadLetter(slot, receiver);
    else this.#update(agent, [this.#open(slot, receiver)], receiver);
  }

  // Apart: what a closure sees is allocated at every call of the function that makes it, whether it is made or not.
  #receiveGuarded(agent: Agent, message: Message, receiver: number): unknown {
    return this.#guard(receiver, 'receive', message.topic, () => agent.receive(message));
  }

  #updateGuarded(agent: Agent, inbox: Message[], receiver: number): unknown {
    return this.#guard(receiver, 'update', undefined, () => agent.update(inbox));
  }

  #update(agent: Agent, inbox: Message[], receiver: number): void {
    this.pulse[PULSE_AGENT] = receiver;
    try {
      const answer: unknown =
        this.#strict === undefined ? agent.update(inbox) : this.#updateGuarded(agent, inbox, receiver);
      refusePromise(answer, agent, 'update');
    } catch (error) {
      this.#failed(receiver, inbox[0]?.topic, error);
    }
  }

  /** Turns a record into the message that the agent sees, and gives the record back. */
  #open(slot: number, receiver: number): Message {
    const pool = this.#pool;
    const at = slot * pool.wordStride;
    const sender = pool.words[at + SENDER] as number;
    const half = slot * pool.halfStride;
    const topic = pool.halves[half + TOPIC] as number;
    const flags = pool.halves[half + FLAGS] as number;
    const sentAt = pool.doubles[slot * pool.doubleStride] as number;
    let to: AgentId | undefined = this.table.ids[receiver];
    let body: unknown;
    if ((flags & COPY) !== 0) {
      const copy = pool.bodies[slot] as { to: AgentId | undefined; body: unknown };
      to = copy.to;
      body = copy.body;
    } else {
      body = (flags & LAID_OUT) !== 0 ? this.#bodyOf(slot, topic) : pool.bodies[slot];
    }
    const name = this.topics.name(topic);
    if (this.observer.active) {
      const laidOut = (flags & LAID_OUT) === 0 ? undefined : this.#bytesOf(slot, topic);
      this.observer.observe(receiver, sender, name, body, laidOut, this.now, this.round, sentAt);
    }
    this.#letGo(slot);
    this.events += 1;
    this.pulse[PULSE_EVENTS] = this.events;
    return new Delivery(this.table.ids[sender] as AgentId, to, name, body, sentAt) as Message;
  }

  #bodyOf(slot: number, topic: number): unknown {
    const pool = this.#pool;
    const flags = pool.flagsOf(slot);
    if ((flags & LAID_OUT) === 0) return pool.bodies[slot];
    const layout = this.topics.layout(topic) as Layout;
    if ((flags & HELD) === 0) return layout.decode(pool.view, pool.bytes, slot * pool.stride + RECORD_BYTES);
    const kept = pool.bodies[slot] as Buffer;
    return layout.decode(new DataView(kept.buffer, kept.byteOffset, kept.length), kept, 0);
  }

  /** The body of a record as bytes, where every body of its layout is as long and lies in the record. */
  #bytesOf(slot: number, topic: number): Bytes | undefined {
    const layout = this.topics.layout(topic) as Layout;
    if (!layout.isFixed || layout.maxBytes > INLINE_LIMIT) return undefined;
    const bytes = this.#bytes;
    bytes.view = this.#pool.view;
    bytes.start = slot * this.#pool.stride + RECORD_BYTES;
    bytes.length = layout.maxBytes;
    return bytes;
  }

  /** Forgets a record that is done with. */
  #letGo(slot: number): void {
    const flags = this.#pool.flagsOf(slot);
    if ((flags & (UNREF | SHADOW)) === 0) this.live -= 1;
    if ((flags & ALARM) !== 0) this.alarms.forget(slot);
    this.#pool.release(slot);
  }

  #deadLetter(slot: number, receiver: number): void {
    this.deadLetters += 1;
    const { onDeadLetter } = this.#options;
    if (onDeadLetter !== undefined || DEAD_LETTER_CHANNEL.hasSubscribers) {
      const letter: DeadLetter = {
        time: this.now,
        round: this.round,
        to: this.table.ids[receiver] as AgentId,
        from: this.table.ids[this.#word(slot, SENDER)] as AgentId,
        topic: this.topics.name(this.#pool.topicOf(slot)),
      };
      onDeadLetter?.(letter);
      DEAD_LETTER_CHANNEL.publish(letter);
    }
    this.#letGo(slot);
  }

  /** Sorts `#order` canonically: by time sent, round sent, sender (or tie), the sender's own count. */
  #arrange(count: number): void {
    const order = this.#order;
    if (count > 32) {
      const sorted = Array.from(order.subarray(0, count)).sort((a, b) => this.#compare(a, b));
      order.set(sorted);
      return;
    }
    for (let index = 1; index < count; index += 1) {
      const slot = order[index] as number;
      let hole = index;
      while (hole > 0 && this.#compare(order[hole - 1] as number, slot) > 0) {
        order[hole] = order[hole - 1] as number;
        hole -= 1;
      }
      order[hole] = slot;
    }
  }

  #compare(a: number, b: number): number {
    const { doubles, doubleStride, rounds, words, wordStride } = this.#pool;
    const byTime = (doubles[a * doubleStride] as number) - (doubles[b * doubleStride] as number);
    if (byTime !== 0) return byTime;
    const atA = a * wordStride;
    const atB = b * wordStride;
    const byRound = (rounds[a] as number) - (rounds[b] as number);
    if (byRound !== 0) return byRound;
    const bySender = this.#compareSenders(
      words[atA + SENDER] as number,
      words[atB + SENDER] as number,
      doubles[a * doubleStride] as number,
      rounds[a] as number,
    );
    if (bySender !== 0) return bySender;
    // Counts wrap; those of one instant are never 2^31 apart.
    return ((words[atA + COUNT] as number) - (words[atB + COUNT] as number)) | 0;
  }

  /** Which of two senders goes first with what both sent in the same round. */
  #compareSenders(a: number, b: number, sentAt: number, sentRound: number): number {
    if (a === b) return 0;
    const idA = this.table.ids[a] as AgentId;
    const idB = this.table.ids[b] as AgentId;
    if (this.#options.ties === 'seeded') {
      const { seed } = this.#options;
      const byTie = tieOf(seed, idA, sentAt, sentRound) - tieOf(seed, idB, sentAt, sentRound);
      if (byTie !== 0) return byTie;
    }
    return compareIds(idA, idB);
  }

  // ---------------------------------------------------------------- failures

  #failed(index: number, topic: string | undefined, error: unknown): void {
    const agent = this.table.agents[index] as Agent;
    const id = this.table.ids[index] as AgentId;
    const policy = this.#options.onError;
    // What goes wrong in setup is a fault of the model: there is no run yet that could go on.
    if (policy === 'stop' || this.#inSetup) {
      this.#endBy(index, this.explain(id, topic, error));
      return;
    }
    this.failures += 1;
    this.log(index, 'error', this.explain(id, topic, error).message, undefined);
    if (policy === 'remove') {
      this.table.flags[index] = (this.table.flags[index] as number) | FAILED;
      this.#awake.delete(index);
      this.remove(index, id);
    } else if (policy === 'restart') {
      try {
        this.#guard(index, 'teardown', undefined, () => agent.teardown());
        refusePromise(this.#guard(index, 'setup', undefined, () => agent.setup()) as unknown, agent, 'setup');
      } catch (again) {
        this.#endBy(index, this.explain(id, topic, again));
      }
    }
  }

  #endBy(index: number, failure: SimulationError): void {
    this.table.flags[index] = (this.table.flags[index] as number) | ENDING;
    this.#ending.push(index);
    this.#keepLeast(failure);
  }

  #forgetEnding(): void {
    const { flags } = this.table;
    for (const index of this.#ending.splice(0)) flags[index] = (flags[index] as number) & ~ENDING;
  }

  /** An agent threw while it was taken out: there is nothing left to restart or remove. */
  #failedAtEnd(index: number, error: unknown): void {
    const id = this.table.ids[index] as AgentId;
    const failure = this.explain(id, undefined, error);
    if (this.#options.onError === 'stop') {
      this.#keepLeast(failure);
      return;
    }
    this.failures += 1;
    this.log(index, 'error', failure.message, undefined);
  }

  /** Of several that fail in one instant, the agent with the least id is named: the same in every placement. */
  #keepLeast(failure: SimulationError): void {
    if (this.failure === undefined || compareFailures(failure, this.failure) < 0) this.failure = failure;
  }

  /** An error with all that there is to know about it. */
  explain(agent: AgentId, topic: string | undefined, cause: unknown): SimulationError {
    const { seed } = this.#options;
    const what = cause instanceof Error ? cause.message : String(cause);
    const on = topic === undefined ? '' : ` on topic ${show(topic)}`;
    return new SimulationError(
      'ERR_TROUPE_AGENT_FAILED',
      `agent ${show(agent)} threw${on} at time ${this.now} (${this.#inSetup ? 'in setup' : `round ${this.round}`}, seed ${seed}): ${what}`,
      { agent, ...(topic === undefined ? {} : { topic }), time: this.now, round: this.round, seed, cause },
    );
  }

  /** Keeps who talks in an instant that does not end; false when it has gone on too long. */
  #sampleCycle(): boolean {
    const { roundLimit } = this.#options;
    const slot = this.#coming[0] as number;
    const receiver = this.#word(slot, RECEIVER);
    const from = show(this.table.ids[this.#word(slot, SENDER)]);
    const to = receiver === NONE ? 'all' : show(this.table.ids[receiver]);
    this.#cycle.push(`${from} -> ${to} (${this.topics.name(this.#pool.topicOf(slot))})`);
    if (this.round < roundLimit) return true;
    const cycle = this.#cycle.splice(0);
    const agent = this.table.ids[this.#word(slot, SENDER)] as AgentId;
    this.failure = new SimulationError(
      'ERR_TROUPE_ROUNDS',
      `time stands still at ${this.now}: more than ${roundLimit} rounds of messages without delay, last ${cycle.join(', ')}; give one of them a delay, or raise roundLimit`,
      { agent, time: this.now, round: this.round },
    );
    return false;
  }

  // ---------------------------------------------------------------- sending

  send(sender: number, to: AgentId, topic: string, body: unknown, delay: number, direct: boolean): void {
    const { table, topics } = this;
    let receiver = table.find(to);
    if (receiver === NONE) receiver = this.#introduce(to);
    const topicIndex = topics.indexOf(topic);
    const due = delay === 0 ? this.now : dueTime(this.now, delay, table.ids[sender] as AgentId, topic);
    let flags = direct ? DIRECT : 0;
    if (this.#inSetup) flags |= IN_SETUP;
    let slot: number;
    if (this.#strict === undefined && table.home[receiver] === this.cluster) {
      const count = table.counts[sender] as number;
      slot = this.#enqueue(sender, receiver, topicIndex, body, due, count, flags);
      this.local += 1;
      table.counts[sender] = (count + 1) | 0;
    } else {
      slot = this.#dispatch(sender, receiver, topicIndex, body, due, flags);
    }
    if (this.directory.hasSpies && !direct && !this.#inSetup) {
      this.#spy(sender, receiver, topicIndex, slot, body, due);
    }
  }

  broadcast(sender: number, topic: string, body: unknown, delay: number): void {
    const due = delay === 0 ? this.now : dueTime(this.now, delay, this.table.ids[sender] as AgentId, topic);
    this.#dispatch(sender, NONE, this.topics.indexOf(topic), body, due, BROADCAST | this.#setupFlag());
  }

  #setupFlag(): number {
    return this.#inSetup ? IN_SETUP : 0;
  }

  #resolve(to: AgentId): number {
    const index = this.table.find(to);
    return index === NONE ? this.#introduce(to) : index;
  }

  /** The index of an id that has not come up before. */
  #introduce(to: AgentId): number {
    if (to !== OUTSIDE) checkId(to);
    return this.table.indexOf(to);
  }

  /** Sends one message: into a record here, over a link, or both for a broadcast. Answers the slot, or NONE. */
  #dispatch(
    sender: number,
    receiver: number,
    topic: number,
    given: unknown,
    due: number,
    flags: number,
  ): number {
    try {
      return this.#deal(sender, receiver, topic, given, due, flags);
    } catch (error) {
      throw this.#blame(error, sender, receiver, topic);
    }
  }

  /** An error about a body does not know whose it is. */
  #blame(error: unknown, sender: number, receiver: number, topic: number): unknown {
    if (!(error instanceof TransportError) || error.cause !== undefined) return error;
    const to = receiver === NONE ? 'all' : `agent ${show(this.table.ids[receiver])}`;
    return new TransportError(
      error.code,
      `agent ${show(this.table.ids[sender])} sends ${show(this.topics.name(topic))} to ${to}: ${error.message}`,
      { value: error.value, cause: error },
    );
  }

  #deal(sender: number, receiver: number, topic: number, given: unknown, due: number, flags: number): number {
    const count = this.table.counts[sender] as number;
    let body = given;
    if (this.#strict !== undefined && (flags & COMMAND) === 0) {
      // Any two agents might be parted.
      if (receiver !== sender) this.#checkLookahead(sender, receiver, topic, due);
      body = this.#strict.pass(body, this.topics.name(topic), this.topics.layout(topic));
    }
    const target = receiver === NONE ? NONE : (this.table.home[receiver] as number);
    // First to others: what cannot be sent there must not be half sent here.
    if (target !== this.cluster && this.#options.clusters > 1) {
      this.#checkLookahead(sender, receiver, topic, due);
      if (target === NONE) {
        for (let cluster = 0; cluster < this.#options.clusters; cluster += 1) {
          if (cluster !== this.cluster) this.#post(cluster, sender, receiver, topic, body, due, count, flags);
        }
      } else {
        this.#post(target, sender, receiver, topic, body, due, count, flags);
      }
    }
    let slot = NONE;
    if (target === this.cluster || target === NONE) {
      slot = this.#enqueue(sender, receiver, topic, body, due, count, flags);
      this.local += 1;
    }
    this.table.counts[sender] = (count + 1) | 0;
    return slot;
  }

  #checkLookahead(sender: number, receiver: number, topic: number, due: number): void {
    if (due >= this.now + this.lookahead || this.#inSetup) return;
    const delay = due - this.now;
    const from = this.table.ids[sender] as AgentId;
    const to = receiver === NONE ? 'all' : `agent ${show(this.table.ids[receiver])}`;
    const name = this.topics.name(topic);
    throw new SimulationError(
      'ERR_TROUPE_LOOKAHEAD',
      `agent ${show(from)} sends ${show(name)} to ${to} with a delay of ${delay}, but the model promises a lookahead of ${this.lookahead}: send it with at least that delay, or promise less`,
      { agent: from, topic: name, time: this.now, value: delay },
    );
  }

  #enqueue(
    sender: number,
    receiver: number,
    topic: number,
    body: unknown,
    due: number,
    count: number,
    flags: number,
  ): number {
    // Straight-line as far as the common case goes, since V8 inlines only so much.
    const pool = this.#pool;
    const slot = pool.take();
    pool.due[slot] = due;
    pool.rounds[slot] = this.round;
    pool.doubles[slot * pool.doubleStride] = this.now;
    const { words, halves } = pool;
    const at = slot * pool.wordStride;
    words[at + RECEIVER] = receiver;
    words[at + SENDER] = sender;
    words[at + COUNT] = count;
    const half = slot * pool.halfStride;
    halves[half + TOPIC] = topic;
    const layout = this.topics.layout(topic);
    if (layout === undefined || (flags & (COMMAND | COPY)) !== 0) {
      halves[half + FLAGS] = flags | HELD;
      pool.bodies[slot] = body;
    } else {
      this.#layOut(slot, layout, body, flags);
    }
    if ((flags & UNREF) === 0) this.live += 1;
    if (due > this.now) this.#queue.push(slot);
    else this.#comeUp(slot);
    return slot;
  }

  /** Counts a record in and files it: for the next round, or by the time it is due. */
  #enter(slot: number, due: number): void {
    if ((this.#pool.flagsOf(slot) & (UNREF | SHADOW)) === 0) this.live += 1;
    if (due > this.now) this.#queue.push(slot);
    else this.#comeUp(slot);
  }

  /** Files a message for the next round. */
  #comeUp(slot: number): void {
    if (this.#comingCount === this.#coming.length) this.#coming = doubled(this.#coming);
    this.#coming[this.#comingCount] = slot;
    this.#comingCount += 1;
  }

  #newRecord(
    due: number,
    sentAt: number,
    sentRound: number,
    sender: number,
    count: number,
    receiver: number,
    topic: number,
    flags: number,
  ): number {
    const pool = this.#pool;
    const slot = pool.take();
    pool.due[slot] = due;
    pool.rounds[slot] = sentRound;
    pool.doubles[slot * pool.doubleStride] = sentAt;
    const at = slot * pool.wordStride;
    const { words } = pool;
    words[at + RECEIVER] = receiver;
    words[at + SENDER] = sender;
    words[at + COUNT] = count;
    const { halves } = pool;
    const half = slot * pool.halfStride;
    halves[half + TOPIC] = topic;
    halves[half + FLAGS] = flags;
    return slot;
  }

  #layOut(slot: number, layout: Layout, body: unknown, flags: number): void {
    const pool = this.#pool;
    pool.setFlags(slot, flags | LAID_OUT);
    try {
      if (layout.maxBytes <= INLINE_LIMIT) {
        layout.encode(body, pool.view, pool.bytes, slot * pool.stride + RECORD_BYTES);
      } else {
        const bytes = Buffer.allocUnsafeSlow(layout.maxBytes);
        const end = layout.encode(body, new DataView(bytes.buffer), bytes, 0);
        pool.hold(slot, Buffer.from(bytes.subarray(0, end)));
      }
    } catch (error) {
      const sender = this.#word(slot, SENDER);
      const receiver = this.#word(slot, RECEIVER);
      const topic = this.#pool.topicOf(slot);
      pool.release(slot);
      throw this.#blame(error, sender, receiver, topic);
    }
  }

  #post(
    cluster: number,
    sender: number,
    receiver: number,
    topic: number,
    body: unknown,
    due: number,
    count: number,
    flags: number,
  ): void {
    const dueRound = due > this.now ? 0 : this.round + 1;
    const outlet = this.outlet as Outlet;
    const message = {
      flags,
      due,
      dueRound,
      sentAt: this.now,
      sentRound: this.round,
      sender,
      count,
      receiver,
      topic,
      body,
    };
    outlet.send(cluster, message);
    this.#noteSent(due, dueRound, flags);
    if ((flags & COMMAND) === 0) this.remote += 1;
  }

  #noteSent(due: number, dueRound: number, flags: number): void {
    if ((flags & UNREF) === 0) this.sentLive += 1;
    if (due < this.sentDue || (due === this.sentDue && dueRound < this.sentDueRound)) {
      this.sentDue = due;
      this.sentDueRound = dueRound;
    }
  }

  /** A message from another cluster, between two windows. `body` is the receiver's to keep. */
  accept(message: Outgoing): void {
    const { due, flags } = message;
    // A round that was held is still to be run, in all clusters.
    const held = this.#migrating && due === this.now && message.dueRound === this.round;
    if (due < this.now || (due === this.now && message.dueRound <= this.round && !held)) {
      throw new SimulationError(
        'ERR_TROUPE_MESSAGES_LOST',
        `a message of ${show(this.table.ids[message.sender])} due at ${due} (round ${message.dueRound}) arrived when cluster ${this.cluster} stood at ${this.now} (round ${this.round}): the transport let it be overtaken`,
        { time: due },
      );
    }
    if ((flags & COMMAND) !== 0) {
      const command = message.body as Command;
      if ((flags & IN_SETUP) !== 0 && isSubscription(command)) {
        this.#setupCommands.push({ sender: message.sender, count: message.count, command });
        return;
      }
      this.#commands += 1;
    }
    const slot = this.#newRecord(
      due,
      message.sentAt,
      message.sentRound,
      message.sender,
      message.count,
      message.receiver,
      message.topic,
      flags & ~(LAID_OUT | HELD),
    );
    const { raw } = message;
    if (raw === undefined) this.#pool.hold(slot, message.body);
    else this.#keepRaw(slot, this.topics.layout(message.topic) as Layout, raw);
    if (held) this.#hold(slot);
    else this.#enter(slot, due);
    if ((flags & ALARM) !== 0) this.alarms.add(slot, message.sender);
  }

  /** A body that arrived in its layout stays in it. */
  #keepRaw(slot: number, layout: Layout, raw: { bytes: Buffer; start: number; end: number }): void {
    const pool = this.#pool;
    if (layout.maxBytes <= INLINE_LIMIT) {
      raw.bytes.copy(pool.bytes, slot * pool.stride + RECORD_BYTES, raw.start, raw.end);
    } else {
      pool.hold(slot, Buffer.from(raw.bytes.subarray(raw.start, raw.end)));
    }
    this.#pool.setFlags(slot, this.#pool.flagsOf(slot) | LAID_OUT);
  }

  // ---------------------------------------------------------------- agents that move, at a barrier

  /** From now on these agents live elsewhere: those that are here leave, with what is pending for them. */
  emigrate(moves: Moves): void {
    const { table } = this;
    const outlet = this.outlet as Outlet;
    this.#migrating = true;
    const moved = new Set<number>();
    moves.agents.forEach((id, at) => {
      const index = table.relocate(id, moves.clusters[at] as number);
      if (index !== NONE) moved.add(index);
    });
    for (const index of moved) {
      const agent = table.agents[index];
      const home = table.home[index] as number;
      if (agent === undefined || home === this.cluster) continue;
      const failed = ((table.flags[index] as number) & FAILED) !== 0;
      const { classes } = this.#options;
      try {
        outlet.move(home, packAgent(index, failed, table, classes, this.observer, this.reports));
      } catch (error) {
        throw blameState(table.ids[index] as AgentId, error);
      }
      this.#awake.delete(index);
      table.agents[index] = undefined;
      table.flags[index] = 0;
      table.living -= 1;
      unbindAgent(agent);
    }
    const pending: number[] = [];
    this.#queue.forEach((slot) => void pending.push(slot));
    for (const slot of pending) {
      if (this.#part(slot, 0, moved)) this.alarms.discard(slot);
    }
    this.#comingCount = this.#partAll(this.#coming, this.#comingCount, this.round + 1, moved);
    this.#heldCount = this.#partAll(this.#batch.slots, this.#heldCount, this.round, moved);
  }

  /** The same for messages of a round that is to come; answers how many stay. */
  #partAll(slots: Int32Array, count: number, round: number, moved: ReadonlySet<number>): number {
    let kept = 0;
    for (let index = 0; index < count; index += 1) {
      const slot = slots[index] as number;
      if (this.#part(slot, round, moved)) {
        this.#letGo(slot);
      } else {
        slots[kept] = slot;
        kept += 1;
      }
    }
    return kept;
  }

  /** Puts a message that has come with its receiver into the round that is held. */
  #hold(slot: number): void {
    if ((this.#pool.flagsOf(slot) & (UNREF | SHADOW)) === 0) this.live += 1;
    const { slots } = this.#batch;
    if (this.#heldCount === slots.length) this.#batch.slots = doubled(slots);
    this.#batch.slots[this.#heldCount] = slot;
    this.#heldCount += 1;
  }

  /** All who had to come are here. */
  settleIn(): void {
    this.#migrating = false;
  }

  /** Sends a pending message where it belongs when agents move; whether it is not to stay here. */
  #part(slot: number, round: number, moved: ReadonlySet<number>): boolean {
    const fate = fateOf(slot, moved, this.#pool, this.table, this.cluster);
    if (fate.to !== NONE) this.outlet?.send(fate.to, this.#letter(slot, round));
    if (fate.shadow !== NONE) {
      const shadow = { ...this.#letter(slot, round), flags: ALARM | SHADOW | UNREF, body: undefined };
      if (fate.shadow === this.cluster) this.accept(shadow);
      else this.outlet?.send(fate.shadow, shadow);
    }
    return fate.leaves;
  }

  /** A pending message as it travels. */
  #letter(slot: number, dueRound: number): Outgoing {
    const pool = this.#pool;
    const topic = pool.topicOf(slot);
    return {
      flags: pool.flagsOf(slot) & ~(LAID_OUT | HELD),
      due: pool.due[slot] as number,
      dueRound,
      sentAt: pool.sentAtOf(slot),
      sentRound: pool.rounds[slot] as number,
      sender: this.#word(slot, SENDER),
      count: this.#word(slot, COUNT),
      receiver: this.#word(slot, RECEIVER),
      topic,
      body: this.#bodyOf(slot, topic),
    };
  }

  /** An agent has come to live here. */
  immigrate(traveller: Traveller): void {
    const { id, kernel, digest, reports } = traveller;
    const agentClass = this.#options.classes[traveller.agentClass] as AgentClass;
    const agent = restoreAgent(agentClass, traveller.state);
    const index = this.#bind(agent, id);
    unpackKernelState(agent, kernel);
    if (kernel.awake) this.setAwake(index, true);
    const { table } = this;
    table.counts[index] = traveller.count;
    table.digests[index * 2] = digest[0];
    table.digests[index * 2 + 1] = digest[1];
    if (traveller.failed) table.flags[index] = (table.flags[index] as number) | FAILED;
    for (const [name, value] of reports) this.report(index, name, value);
    this.observer.resume(id, traveller.counted);
  }

  // ---------------------------------------------------------------- from outside

  /**
   * A message from outside of the model, due at `due`: a time that no cluster has reached. Whenever it is handed in, it
   * is as if it had always been pending: sent at the time it is due, before all that agents send then.
   *
   * @param to undefined for a broadcast
   */
  inject(to: AgentId | undefined, topic: string, body: unknown, due: number): void {
    const sender = this.table.indexOf(OUTSIDE);
    const receiver = to === undefined ? NONE : this.#resolve(to);
    const count = this.table.counts[sender] as number;
    const message: Outgoing = {
      // What it says to whom is known only when it is due, so nobody gets copies of what is addressed.
      flags: receiver === NONE ? BROADCAST : DIRECT,
      due,
      dueRound: 0,
      sentAt: due,
      sentRound: -1,
      sender,
      count,
      receiver,
      topic: this.topics.indexOf(topic),
      body,
    };
    const home = receiver === NONE ? NONE : (this.table.home[receiver] as number);
    try {
      for (let cluster = 0; cluster < this.#options.clusters; cluster += 1) {
        if (cluster === this.cluster || (home !== NONE && home !== cluster)) continue;
        this.outlet?.send(cluster, message);
        this.#noteSent(due, 0, message.flags);
      }
      if (home === NONE || home === this.cluster) this.#admit(message);
    } catch (error) {
      throw this.#blame(error, sender, receiver, message.topic);
    }
    this.table.counts[sender] = (count + 1) | 0;
  }

  /** Files a message that was not sent in the course of a round here. */
  #admit(message: Outgoing): void {
    const { due, topic, flags } = message;
    const slot = this.#newRecord(
      due,
      message.sentAt,
      message.sentRound,
      message.sender,
      message.count,
      message.receiver,
      topic,
      flags,
    );
    const layout = this.topics.layout(topic);
    if (layout === undefined) this.#pool.hold(slot, message.body);
    else this.#layOut(slot, layout, message.body, flags);
    this.#enter(slot, due);
  }

  // ---------------------------------------------------------------- subscriptions

  /** Sends copies of a message that was just sent to those who listen. */
  #spy(sender: number, receiver: number, topic: number, slot: number, body: unknown, due: number): void {
    const found = this.#found;
    found.clear();
    const to = this.table.ids[receiver] as AgentId;
    this.directory.match(this.table.ids[sender] as AgentId, to, this.topics.name(topic), found);
    found.delete(receiver);
    if (found.size === 0) return;
    const count = ((this.table.counts[sender] as number) - 1) | 0;
    const original = slot === NONE ? this.topics.laidOut(topic, body) : this.#bodyOf(slot, topic);
    for (const subscriber of found) {
      if (this.#strict !== undefined && subscriber !== sender) {
        this.#checkLookahead(sender, subscriber, topic, due);
      }
      const copy = { to, body: copyBody(original) };
      const home = this.table.home[subscriber] as number;
      if (home === this.cluster) {
        this.#enqueue(sender, subscriber, topic, copy, due, count, COPY);
        this.local += 1;
      } else {
        this.#checkLookahead(sender, subscriber, topic, due);
        this.#post(home, sender, subscriber, topic, copy, due, count, COPY);
      }
    }
  }

  /** The same for a message of the setup, when subscriptions hold; wherever it was sent, it lies here. */
  #copyToSubscribers(slot: number): void {
    const sender = this.#word(slot, SENDER);
    const receiver = this.#word(slot, RECEIVER);
    const topic = this.#pool.topicOf(slot);
    const found = new Set<number>();
    const to = this.table.ids[receiver] as AgentId;
    this.directory.match(this.table.ids[sender] as AgentId, to, this.topics.name(topic), found);
    found.delete(receiver);
    const due = this.#pool.due[slot] as number;
    const count = this.#word(slot, COUNT);
    for (const subscriber of found) {
      const copy = { to, body: copyBody(this.#bodyOf(slot, topic)) };
      const home = this.table.home[subscriber] as number;
      if (home === this.cluster) this.#enqueue(sender, subscriber, topic, copy, due, count, COPY);
      else this.#post(home, sender, subscriber, topic, copy, due, count, COPY);
    }
  }

  subscribe(sender: number, subscription: Subscription): void {
    this.#command(sender, { kind: 'subscribe', subscription: checkSubscription(subscription) }, NONE);
  }

  unsubscribe(sender: number, subscription: Subscription | undefined): void {
    const what = subscription === undefined ? null : checkSubscription(subscription);
    this.#command(sender, { kind: 'unsubscribe', subscription: what }, NONE);
  }

  subscribers(subscription: Subscription): AgentId[] {
    return this.directory.subscribersOf(checkSubscription(subscription));
  }

  subscriptions(agent: number): Subscription[] {
    return this.directory.subscriptionsOf(agent);
  }

  subscribedTopics(): string[] {
    return this.directory.topics();
  }

  // ---------------------------------------------------------------- commands

  add(sender: number, agentClass: AgentClass, id: AgentId, args: readonly unknown[]): void {
    checkId(id);
    const known = this.#options.classes.indexOf(agentClass);
    if (known === -1) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_INVALID',
        `${agentClass.name || 'the class'} is not among the classes that may be added: list it under agents, of the model or of the scheduler, so that every cluster can make one`,
        { agent: id },
      );
    }
    this.#command(sender, { kind: 'add', agentClass: known, id, args }, this.table.homeOf(id));
  }

  remove(sender: number, id: AgentId): void {
    checkId(id);
    this.#command(sender, { kind: 'remove', id }, NONE);
  }

  stop(sender: number, reason: string, value: unknown): void {
    this.#command(sender, { kind: 'stop', reason: String(reason), value }, NONE);
  }

  pause(sender: number): void {
    this.#command(sender, { kind: 'pause' }, NONE);
  }

  /** Sends a command to the cluster `target`, or to all. It takes hold one lookahead from now. */
  #command(sender: number, given: Command, target: number): void {
    const command = this.#strict === undefined ? given : (this.#strict.pass(given, '', undefined) as Command);
    const count = this.table.counts[sender] as number;
    this.table.counts[sender] = (count + 1) | 0;
    const flags = COMMAND | this.#setupFlag();
    const delayed = this.lookahead > 0 && !this.#inSetup;
    const id = this.table.ids[sender] as AgentId;
    const due = delayed ? dueTime(this.now, this.lookahead, id, command.kind) : this.now;
    for (let cluster = 0; cluster < this.#options.clusters; cluster += 1) {
      if (target !== NONE && cluster !== target) continue;
      if (cluster !== this.cluster) {
        this.#post(cluster, sender, NONE, 0, command, due, count, flags);
      } else if (this.#inSetup && isSubscription(command)) {
        this.#setupCommands.push({ sender, count, command });
      } else {
        this.#commands += 1;
        this.#enqueue(sender, NONE, 0, command, due, count, flags);
      }
    }
  }

  /** Carries out the commands of the batch, in canonical order; true when the run halts before its messages. */
  #obey(): boolean {
    const { slots } = this.#batch;
    let kept = 0;
    let commands = 0;
    for (let index = 0; index < this.#batchCount; index += 1) {
      const slot = slots[index] as number;
      if ((this.#pool.flagsOf(slot) & COMMAND) === 0) {
        slots[kept] = slot;
        kept += 1;
      } else {
        if (commands === this.#order.length) this.#order = doubled(this.#order);
        this.#order[commands] = slot;
        commands += 1;
      }
    }
    this.#batchCount = kept;
    if (commands === 0) return false;
    this.#arrange(commands);
    const ordered = Array.from(this.#order.subarray(0, commands));
    for (const slot of ordered) {
      const sender = this.#word(slot, SENDER);
      const command = this.#pool.bodies[slot] as Command;
      this.#commands -= 1;
      this.#letGo(slot);
      this.#carryOut(sender, command);
    }
    if (this.halt === undefined) return false;
    // What was due with the halt stays due: the next run begins with it, and with this round.
    this.#heldCount = kept;
    this.#batchCount = 0;
    return true;
  }

  #carryOut(sender: number, command: Command): void {
    switch (command.kind) {
      case 'subscribe':
      case 'unsubscribe':
        this.#subscription(sender, command);
        return;
      case 'add':
        this.#addCommanded(sender, command);
        return;
      case 'remove': {
        const index = this.table.indexOf(command.id);
        // Who lives elsewhere may have subscriptions here; who is gone already has nothing to lose.
        if (this.table.agents[index] !== undefined) this.evict(index);
        else this.directory.unsubscribeAll(index);
        return;
      }
      default:
        // Of several at one instant the first counts.
        this.halt ??= {
          kind: command.kind === 'stop' ? 'stopped' : 'paused',
          reason: command.kind === 'stop' ? command.reason : 'paused',
          agent: this.table.ids[sender] as AgentId,
          value: command.kind === 'stop' ? command.value : undefined,
        };
    }
  }

  #subscription(sender: number, command: Command): void {
    if (command.kind === 'subscribe') this.directory.subscribe(sender, command.subscription);
    else if (command.kind !== 'unsubscribe') return;
    else if (command.subscription === null) this.directory.unsubscribeAll(sender);
    else this.directory.unsubscribe(sender, command.subscription);
  }

  #addCommanded(sender: number, command: Extract<Command, { kind: 'add' }>): void {
    try {
      const agentClass = this.#options.classes[command.agentClass] as AgentClass;
      const index = this.table.indexOf(command.id);
      const agent = this.#guard(index, 'its constructor', undefined, () => new agentClass(...command.args));
      const given = givenId(agent);
      if (given !== undefined && given !== command.id) {
        throw new SimulationError(
          'ERR_TROUPE_AGENT_ID',
          `${agentClass.name} was added as ${show(command.id)} but its constructor chose ${show(given)}: pass the id to add(), or leave it out of the constructor`,
          { agent: command.id },
        );
      }
      this.#setUpOne(this.#bind(agent, command.id));
    } catch (error) {
      this.#keepLeast(this.explain(this.table.ids[sender] as AgentId, undefined, error));
    }
  }

  // ---------------------------------------------------------------- alarms

  setAlarm(
    sender: number,
    topic: string,
    body: unknown,
    at: number,
    delay: number,
    options: AlarmOptions,
  ): AlarmId {
    const id = this.table.ids[sender] as AgentId;
    const relative = Number.isNaN(at);
    // Adding 0 makes -0 the 0 that it is equal to.
    let due = relative ? this.now : at + 0;
    if (relative && delay !== 0) due = dueTime(this.now, delay, id, topic);
    if (!relative && !(at >= this.now && at < Number.POSITIVE_INFINITY)) {
      throw new SimulationError(
        'ERR_TROUPE_TIME',
        `agent ${show(id)} sets an alarm ${show(topic)} for time ${show(at)}, but it is ${this.now} already: give a finite time that is not past`,
        { agent: id, topic, time: this.now, value: at },
      );
    }
    if (!relative && at > MAX_TIME) {
      throw new SimulationError(
        'ERR_TROUPE_PRECISION',
        `agent ${show(id)} sets an alarm ${show(topic)} for time ${at}, beyond 2^53: use larger units of time`,
        { agent: id, topic, time: this.now, value: at },
      );
    }
    const receiver =
      options.to === undefined ? sender : options.to === '*' ? NONE : this.#resolve(options.to);
    const count = this.table.counts[sender] as number;
    let flags = ALARM | this.#setupFlag();
    if (options.unref === true) flags |= UNREF;
    if (receiver === NONE) flags |= BROADCAST;
    const topicIndex = this.topics.indexOf(topic);
    let slot = this.#dispatch(sender, receiver, topicIndex, body, due, flags);
    if (slot === NONE) {
      slot = this.#newRecord(
        due,
        this.now,
        this.round,
        sender,
        count,
        receiver,
        topicIndex,
        ALARM | SHADOW | UNREF,
      );
      this.#enter(slot, due);
    }
    return this.alarms.add(slot, sender);
  }

  cancelAlarm(sender: number, alarm: AlarmId): boolean {
    return this.alarms.cancel(sender, alarm);
  }

  cancelAlarms(sender: number, filter: AlarmFilter): number {
    return this.alarms.cancelMatching(sender, filter);
  }

  alarmsOf(sender: number, filter: AlarmFilter): AlarmInfo[] {
    return this.alarms.list(sender, filter);
  }

  /** Tells the other clusters of the alarms that were called back in the window that is over. */
  flushCancels(): void {
    const { outlet } = this;
    if (outlet === undefined) return;
    this.alarms.eachCalledBack((sender, count, receiver) => {
      for (let cluster = 0; cluster < this.#options.clusters; cluster += 1) {
        const concerned = receiver === NONE || this.table.home[receiver] === cluster;
        if (cluster !== this.cluster && concerned) outlet.cancel(cluster, sender, count);
      }
    });
  }

  // ---------------------------------------------------------------- the rest of what agents may do

  random(agent: number): Random {
    return Random.of(this.#options.seed, this.table.ids[agent] as AgentId);
  }

  report(sender: number, name: string, value: unknown): void {
    let values = this.reports.get(name);
    if (values === undefined) {
      values = new Map();
      this.reports.set(name, values);
    }
    const kept = this.#strict === undefined ? value : this.#strict.pass(value, name, undefined);
    values.set(this.table.ids[sender] as AgentId, kept);
  }

  log(sender: number, level: LogLevel, text: string, data: unknown): void {
    const { onLog, logLevel } = this.#options;
    if (onLog === undefined || LEVELS[level] < logLevel) return;
    onLog({
      level,
      time: this.now,
      round: this.round,
      agent: this.table.ids[sender] as AgentId,
      text,
      // It is told later; the agent may go on with what it logged.
      data: copyBody(data),
    });
  }

  setAwake(agent: number, awake: boolean): void {
    if (awake) this.#refuseAwake(agent);
    if (awake) this.#awake.add(agent);
    else this.#awake.delete(agent);
  }

  #refuseAwake(agent: number): void {
    if (this.lookahead === 0) return;
    throw new SimulationError(
      'ERR_TROUPE_KEEP_AWAKE_LOOKAHEAD',
      `agent ${show(this.table.ids[agent])} wants to be awake in every round, but with a lookahead of ${this.lookahead} clusters do not go round by round: use an alarm, or promise no lookahead`,
      { agent: this.table.ids[agent] as AgentId },
    );
  }

  // ---------------------------------------------------------------- topics, digest, housekeeping

  /** The digest's parts: agents that left, and those that are here. */
  digest(): { readonly a: number; readonly b: number } {
    const digest = new RunDigest();
    digest.merge(this.#digest.parts);
    for (let index = 0; index < this.table.length; index += 1) {
      if (this.table.agents[index] !== undefined) this.observer.fold(index, digest);
    }
    return digest.parts;
  }

  /** Discards all pending alarms, those of this very instant included. */
  clearAlarms(): void {
    this.alarms.clear();
    this.#comingCount = this.#letGoOfAlarms(this.#coming, this.#comingCount);
    this.#heldCount = this.#letGoOfAlarms(this.#batch.slots, this.#heldCount);
  }

  /** Takes the alarms out of a list of slots; answers how many others are left. */
  #letGoOfAlarms(slots: Int32Array, count: number): number {
    let kept = 0;
    for (let index = 0; index < count; index += 1) {
      const slot = slots[index] as number;
      if ((this.#pool.flagsOf(slot) & ALARM) !== 0) {
        this.#letGo(slot);
        continue;
      }
      slots[kept] = slot;
      kept += 1;
    }
    return kept;
  }

  /** Pending alarms that `receiver` would get, whoever set them, earliest first. */
  alarmsFor(receiver: number): AlarmInfo[] {
    const held = this.#batch.slots.subarray(0, this.#heldCount);
    return this.alarms.listFor(receiver, [...held, ...this.#coming.subarray(0, this.#comingCount)]);
  }

  /** The `limit` messages that are due first, in order. */
  pending(limit: number): PendingMessage[] {
    const forEach = (visit: (slot: number) => void): void => {
      this.#queue.forEach((slot) => {
        if (!this.alarms.isRecalled(slot)) visit(slot);
      });
      this.#batch.slots.subarray(0, this.#heldCount).forEach(visit);
      this.#coming.subarray(0, this.#comingCount).forEach(visit);
    };
    const compare = (a: number, b: number): number => this.#compare(a, b);
    return firstPending(
      { pool: this.#pool, table: this.table, topics: this.topics, forEach, compare },
      limit,
    );
  }

  #sweep(): void {
    const inUse = new Uint8Array(this.table.length);
    const mark = (slot: number): void => {
      const receiver = this.#word(slot, RECEIVER);
      if (receiver !== NONE) inUse[receiver] = 1;
      inUse[this.#word(slot, SENDER)] = 1;
    };
    this.#queue.forEach(mark);
    for (let index = 0; index < this.#batchCount; index += 1) mark(this.#batch.slots[index] as number);
    for (let index = 0; index < this.#comingCount; index += 1) mark(this.#coming[index] as number);
    this.directory.mark(inUse);
    this.observer.recorder?.mark(inUse);
    // Who sends from outside of all agents keeps the index for the whole run.
    const outside = this.table.find(OUTSIDE);
    if (outside !== NONE) inUse[outside] = 1;
    // First the links forget the names that only they still know: two clusters that each keep what the other has named
    // would never let go of anything.
    this.outlet?.forget(this.table.unused(inUse));
    this.outlet?.mark(inUse);
    this.table.sweep(inUse);
  }

  #word(slot: number, field: number): number {
    return this.#pool.words[slot * this.#pool.wordStride + field] as number;
  }
}

/** The order of failures: by time and round, then by agent; two of one agent by what they say. */
export function compareFailures(a: SimulationError, b: SimulationError): number {
  const byInstant = (a.time ?? 0) - (b.time ?? 0) || (a.round ?? 0) - (b.round ?? 0);
  if (byInstant !== 0) return byInstant;
  return (
    compareIds(a.agent ?? '', b.agent ?? '') || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0)
  );
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function isSubscription(command: Command): boolean {
  return command.kind === 'subscribe' || command.kind === 'unsubscribe';
}
