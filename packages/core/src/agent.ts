import { refusePromise } from './async-guard.ts';
import type { Subscription } from './directory.ts';
import { SimulationError } from './errors.ts';
import { checkId } from './ids.ts';
import type { LogLevel } from './log.ts';
import type { AgentId, Message, MessageOf, Protocol } from './message.ts';
import { Random } from './random.ts';

/** Names a pending alarm of the agent that set it. A number, so that it can be kept, sent and saved. */
export type AlarmId = number & { readonly __alarm: unique symbol };

/** A pending alarm. */
export interface AlarmInfo {
  readonly id: AlarmId;
  /** When it is due, in simulated seconds. */
  readonly due: number;
  readonly topic: string;
  /** Who it goes to; undefined for a broadcast. */
  readonly to: AgentId | undefined;
}

export interface AlarmOptions {
  /** Who gets it: an agent, or `'*'` for a broadcast. Default: the agent itself. */
  readonly to?: AgentId | '*';
  /** True for an alarm that does not keep the run alive. Default false. */
  readonly unref?: boolean;
}

/** Topics whose body may be left out. */
export type BareTopic<P extends Protocol> = {
  [K in keyof P & string]: undefined extends P[K] ? K : never;
}[keyof P & string];

/** Handlers by topic, for {@link Agent.handlers}. `this` is the agent. */
export type Handlers<P extends Protocol, A> = {
  readonly [K in keyof P & string]?: (this: A, body: P[K], message: MessageOf<P, K>) => void;
};

/** A class of agents that can be made from arguments that can be sent. */
// biome-ignore lint/suspicious/noExplicitAny: constructors take whatever the model's author chose
export type AgentClass<Args extends any[] = any[]> = new (...args: Args) => Agent<any>;

/** What an agent is connected to while it belongs to a scheduler. */
export interface Host {
  readonly now: number;
  /** Whether what is called may answer a promise: live mode awaits it. */
  readonly awaits?: boolean;
  send(sender: number, to: AgentId, topic: string, body: unknown, delay: number, direct: boolean): void;
  broadcast(sender: number, topic: string, body: unknown, delay: number): void;
  setAlarm(
    sender: number,
    topic: string,
    body: unknown,
    due: number,
    delay: number,
    options: AlarmOptions,
  ): AlarmId;
  cancelAlarm(sender: number, alarm: AlarmId): boolean;
  cancelAlarms(sender: number, filter: AlarmFilter): number;
  alarmsOf(sender: number, filter: AlarmFilter): AlarmInfo[];
  subscribe(sender: number, subscription: Subscription): void;
  unsubscribe(sender: number, subscription: Subscription | undefined): void;
  subscribers(subscription: Subscription): AgentId[];
  subscriptions(agent: number): Subscription[];
  subscribedTopics(): string[];
  add(sender: number, agentClass: AgentClass, id: AgentId, args: readonly unknown[]): void;
  remove(sender: number, id: AgentId): void;
  stop(sender: number, reason: string, value: unknown): void;
  pause(sender: number): void;
  report(sender: number, name: string, value: unknown): void;
  log(sender: number, level: LogLevel, text: string, data: unknown): void;
  random(agent: number): Random;
  setAwake(agent: number, awake: boolean): void;
}

export interface AlarmFilter {
  /** Only alarms to this agent. */
  readonly to?: AgentId | '*';
  /** Only alarms of this topic. */
  readonly topic?: string;
}

/** @internal Friends of the class, for the kernel. */
export let bindAgent: (agent: Agent, host: Host, index: number, id: AgentId) => void;
export let unbindAgent: (agent: Agent) => void;
export let givenId: (agent: Agent) => AgentId | undefined;
export let isBound: (agent: Agent) => boolean;
export let packKernelState: (agent: Agent) => KernelState;
export let unpackKernelState: (agent: Agent, state: KernelState) => void;

/** What the kernel keeps in an agent, beside what the agent's own class does. */
export interface KernelState {
  /** Where its stream of random numbers stands, once it has drawn from it. */
  readonly random: readonly number[] | undefined;
  readonly awake: boolean;
  /** How many agents it has added without naming them. */
  readonly children: number;
}
/** What comes after `before` under its id goes on where that was with the ids of its children. */
export let succeedAgent: (agent: Agent, before: Agent) => void;

/**
 * An agent: private state that nobody else touches, and a reaction to messages. Override one of three: a table of
 * {@link Agent.handlers} by topic, {@link Agent.receive} for each message, or {@link Agent.update} for all messages of
 * a round. All are synchronous, but in live mode. What an agent does takes effect when the round is over, never before.
 *
 * ```ts
 * type Rally = { ball: { hits: number } };
 *
 * class Player extends Agent<Rally> {
 *   override receive(message: Message<Rally>): void {
 *     if (message.body.hits < 10) this.send(message.from, 'ball', { hits: message.body.hits + 1 });
 *   }
 * }
 * ```
 *
 * Everything below `time` needs the agent to have been added to a scheduler: `ERR_TROUPE_AGENT_NOT_RUNNING` otherwise.
 */
export abstract class Agent<P extends Protocol = Protocol> {
  /** Handlers by topic, for the default {@link receive}. Shared by all agents of the class. */
  // biome-ignore lint/suspicious/noExplicitAny: the types of a subclass's protocol are checked where it is declared
  static readonly handlers: Handlers<any, any> | undefined = undefined;

  #id: AgentId | undefined;
  #host: Host | undefined = undefined;
  #index = -1;
  #random: Random | undefined = undefined;
  #awake = false;
  #children = 0;

  static {
    bindAgent = (agent, host, index, id) => {
      agent.#id = id;
      agent.#host = host;
      agent.#index = index;
      agent.#random = undefined;
      if (agent.#awake) host.setAwake(index, true);
    };
    unbindAgent = (agent) => {
      agent.#host = undefined;
      agent.#index = -1;
    };
    givenId = (agent) => agent.#id;
    isBound = (agent) => agent.#host !== undefined;
    packKernelState = (agent) => ({
      random: agent.#random?.state,
      awake: agent.#awake,
      children: agent.#children,
    });
    unpackKernelState = (agent, { random, awake, children }) => {
      agent.#random = random === undefined ? undefined : Random.resume(random);
      agent.#awake = awake;
      agent.#children = children;
    };
    succeedAgent = (agent, before) => {
      agent.#children = before.#children;
    };
  }

  /** @param id a string or an integer; generated when left out. */
  constructor(id?: AgentId) {
    if (id !== undefined) checkId(id);
    this.#id = id;
  }

  /** The agent's id. One that is generated is known once the agent was added. */
  get id(): AgentId {
    if (this.#id === undefined) throw this.#notRunning('id');
    return this.#id;
  }

  /** Called once, after the agent was added and before its first message. */
  setup(): void {}

  /** Called once, when the agent is removed. The end of a run removes nobody. */
  teardown(): void {}

  /**
   * What must be known of the agent to go on with it elsewhere, for {@link Agent.restore}: anything that can be sent.
   * Default: its own fields, those that are not `#private`.
   */
  snapshot(): unknown {
    return { ...this };
  }

  /**
   * An agent of this class that goes on where the one stood whose {@link snapshot} this is. Default: the fields are set,
   * without calling the constructor of the class. A class with `#private` members overrides both:
   *
   * ```ts
   * override snapshot(): unknown {
   *   return { capacity: this.#capacity, waiting: this.#waiting };
   * }
   *
   * static override restore(state: { capacity: number; waiting: number[] }): Dock {
   *   const dock = new Dock(state.capacity);
   *   dock.#waiting = state.waiting;
   *   return dock;
   * }
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: a state is whatever the class's own snapshot says
  static restore(state: any): Agent<any> {
    // biome-ignore lint/complexity/noThisInStatic: the class it is called on, which need not be this one
    return Object.assign(Reflect.construct(Agent, [], this) as Agent, state);
  }

  /**
   * Reacts to one message. Unless overridden it calls the handler of the message's topic in {@link Agent.handlers}.
   *
   * @throws {SimulationError} `ERR_TROUPE_HANDLER_MISSING` when there is none
   */
  receive(message: Message<P>): void {
    const handlers = (this.constructor as typeof Agent).handlers as
      | Record<string, ((this: unknown, body: unknown, message: unknown) => void) | undefined>
      | undefined;
    const isOwn = handlers !== undefined && Object.hasOwn(handlers, message.topic);
    const handler = isOwn ? handlers[message.topic] : undefined;
    if (handler === undefined) {
      throw new SimulationError(
        'ERR_TROUPE_HANDLER_MISSING',
        `${this.constructor.name} has no handler for topic ${JSON.stringify(message.topic)}: add one to its handlers, or override receive`,
        { agent: this.id, topic: message.topic },
      );
    }
    const answer: unknown = handler.call(this, message.body, message);
    if (answer === undefined) return;
    // biome-ignore lint/correctness/noVoidTypeReturn: a host that awaits must get the promise
    if (this.#host?.awaits === true) return answer as never;
    refusePromise(answer, this, message.topic);
  }

  /**
   * Reacts to all messages of one round, in canonical order: by time sent, round sent, sender, and the sender's own
   * order. Unless overridden it calls {@link receive} for each.
   */
  update(inbox: Message<P>[]): void {
    // biome-ignore lint/correctness/noVoidTypeReturn: a host that awaits must get the promise
    if (this.#host?.awaits === true) return receiveInTurn(this as Agent, inbox) as never;
    for (const message of inbox) this.receive(message);
  }

  /** Simulated time in seconds; it does not move while a round runs. */
  get time(): number {
    return this.#running('time').now;
  }

  /** The agent's own stream of random numbers: it depends on the run's seed and the agent's id, on nothing else. */
  get random(): Random {
    if (this.#random === undefined) this.#random = this.#running('random').random(this.#index);
    return this.#random;
  }

  /**
   * True for an agent that is updated in every round, with an empty inbox where nothing came. It neither keeps the run
   * alive nor the clock from jumping. Only in models without lookahead, where all clusters go round by round.
   */
  get keepAwake(): boolean {
    return this.#awake;
  }

  set keepAwake(awake: boolean) {
    this.#awake = awake;
    this.#host?.setAwake(this.#index, awake);
  }

  /**
   * Sends `body` to `to`; whoever is subscribed gets a copy. The body is handed over: do not touch it again.
   *
   * @param delay simulated seconds until it is due, 0 or more; 0 is the next round of this instant
   * @throws {SimulationError} `ERR_TROUPE_TIME`, `ERR_TROUPE_PRECISION`, `ERR_TROUPE_LOOKAHEAD`, `ERR_TROUPE_AGENT_ID`
   */
  send<K extends BareTopic<P>>(to: AgentId, topic: K, body?: undefined, delay?: number): void;
  send<K extends keyof P & string>(to: AgentId, topic: K, body: P[K], delay?: number): void;
  send(to: AgentId, topic: string, body: unknown, delay = 0): void {
    this.#running('send').send(this.#index, to, topic, body, delay, false);
  }

  /** As {@link send}, but subscribers are passed over. */
  sendDirect<K extends BareTopic<P>>(to: AgentId, topic: K, body?: undefined, delay?: number): void;
  sendDirect<K extends keyof P & string>(to: AgentId, topic: K, body: P[K], delay?: number): void;
  sendDirect(to: AgentId, topic: string, body: unknown, delay = 0): void {
    this.#running('sendDirect').send(this.#index, to, topic, body, delay, true);
  }

  /** Sends a copy of `body` to each agent that is subscribed when the message is due; the sender too, if it is. */
  broadcast<K extends BareTopic<P>>(topic: K, body?: undefined, delay?: number): void;
  broadcast<K extends keyof P & string>(topic: K, body: P[K], delay?: number): void;
  broadcast(topic: string, body: unknown, delay = 0): void {
    this.#running('broadcast').broadcast(this.#index, topic, body, delay);
  }

  /**
   * Sets an alarm `delay` seconds from now: a message to oneself, unless `options.to` names another agent. Subscribers
   * get no copy of it; an alarm to `'*'` is a broadcast.
   *
   * @returns its name, for {@link cancelAlarm}
   */
  setAlarm<K extends BareTopic<P>>(
    delay: number,
    topic: K,
    body?: undefined,
    options?: AlarmOptions,
  ): AlarmId;
  setAlarm<K extends keyof P & string>(delay: number, topic: K, body: P[K], options?: AlarmOptions): AlarmId;
  setAlarm(delay: number, topic: string, body: unknown, options: AlarmOptions = NO_OPTIONS): AlarmId {
    return this.#running('setAlarm').setAlarm(this.#index, topic, body, Number.NaN, delay, options);
  }

  /** As {@link setAlarm}, at the simulated time `time`. */
  setAlarmAt<K extends BareTopic<P>>(
    time: number,
    topic: K,
    body?: undefined,
    options?: AlarmOptions,
  ): AlarmId;
  setAlarmAt<K extends keyof P & string>(time: number, topic: K, body: P[K], options?: AlarmOptions): AlarmId;
  setAlarmAt(time: number, topic: string, body: unknown, options: AlarmOptions = NO_OPTIONS): AlarmId {
    return this.#running('setAlarmAt').setAlarm(this.#index, topic, body, time, Number.NaN, options);
  }

  /**
   * Cancels an alarm that this agent set: one to itself at once; one to others is on its way for the last `lookahead`
   * seconds (without lookahead: in the instant it is due) and can no longer be called back then.
   *
   * @returns whether it will not be delivered
   */
  cancelAlarm(alarm: AlarmId): boolean {
    return this.#running('cancelAlarm').cancelAlarm(this.#index, alarm);
  }

  /** Cancels the alarms that this agent set, all or those that match; answers their number. */
  cancelAlarms(filter: AlarmFilter = NO_OPTIONS): number {
    return this.#running('cancelAlarms').cancelAlarms(this.#index, filter);
  }

  /** The pending alarms that this agent set, all or those that match, earliest first. */
  alarms(filter: AlarmFilter = NO_OPTIONS): AlarmInfo[] {
    return this.#running('alarms').alarmsOf(this.#index, filter);
  }

  /**
   * Listens to messages by sender, receiver and topic, any combination: a copy of each comes here too. It takes hold
   * one lookahead from now, in the next round where the model has none.
   *
   * @throws {SimulationError} `ERR_TROUPE_SUBSCRIPTION` when nothing is given
   */
  subscribe(subscription: Subscription & { readonly topic?: keyof P & string }): void {
    this.#running('subscribe').subscribe(this.#index, subscription);
  }

  /** Ends one subscription, or all when nothing is given. Takes hold as {@link subscribe}. */
  unsubscribe(subscription?: Subscription): void {
    this.#running('unsubscribe').unsubscribe(this.#index, subscription);
  }

  /** Who has exactly this subscription now, in any cluster, by id. */
  subscribers(subscription: Subscription): AgentId[] {
    return this.#running('subscribers').subscribers(subscription);
  }

  /** What this agent is subscribed to now. */
  subscriptions(): Subscription[] {
    return this.#running('subscriptions').subscriptions(this.#index);
  }

  /** The topics that anyone is subscribed to now. */
  subscribedTopics(): string[] {
    return this.#running('subscribedTopics').subscribedTopics();
  }

  /**
   * Makes a new agent, `new agentClass(...args)`, in the cluster that its id is placed on, one lookahead from now (in
   * the next round without lookahead). The arguments are handed over like a body.
   *
   * @param options.id its id; left out, this agent's own id and a number
   * @returns the id: messages that are due when the agent is there, or later, reach it
   */
  add<Args extends unknown[]>(
    agentClass: AgentClass<Args>,
    options: { readonly id?: AgentId; readonly args?: NoInfer<Args> } = NO_OPTIONS,
  ): AgentId {
    const host = this.#running('add');
    let id = options.id;
    if (id === undefined) {
      this.#children += 1;
      id = `${this.id}/${this.#children}`;
    }
    host.add(this.#index, agentClass as AgentClass, id, options.args ?? []);
    return id;
  }

  /** Removes an agent, itself by default, one lookahead from now (in the next round without lookahead). */
  remove(id: AgentId = this.id): void {
    this.#running('remove').remove(this.#index, id);
  }

  /** Ends the run one lookahead from now (in the next round without lookahead); the report says why. */
  stop(reason = 'stopped', value?: unknown): void {
    this.#running('stop').stop(this.#index, reason, value);
  }

  /** Interrupts the run as {@link stop} does; the next run goes on from there. */
  pause(): void {
    this.#running('pause').pause(this.#index);
  }

  /** Puts a value into the run's report, under a name and this agent's id; the last one counts. */
  report(name: string, value: unknown): void {
    this.#running('report').report(this.#index, name, value);
  }

  /** Writes to the log that the run's owner asked for; nothing happens where nobody did. */
  log(level: LogLevel, text: string, data?: unknown): void {
    this.#running('log').log(this.#index, level, text, data);
  }

  #running(what: string): Host {
    if (this.#host === undefined) throw this.#notRunning(what);
    return this.#host;
  }

  #notRunning(what: string): SimulationError {
    return new SimulationError(
      'ERR_TROUPE_AGENT_NOT_RUNNING',
      `${this.constructor.name}.${what} needs the agent to be part of a run: add it to a scheduler first, and use it from setup on, not in the constructor`,
      this.#id === undefined ? {} : { agent: this.#id },
    );
  }
}

async function receiveInTurn(agent: Agent, inbox: readonly Message[]): Promise<void> {
  for (const message of inbox) await agent.receive(message);
}

const NO_OPTIONS = Object.freeze({});
