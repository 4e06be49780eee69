import type { AgentClass, AlarmFilter, AlarmId, AlarmInfo, AlarmOptions, Host } from '../agent.ts';
import type { AgentTable } from '../agent-table.ts';
import { checkSubscription } from '../checks.ts';
import type { Directory, Subscription } from '../directory.ts';
import { SimulationError, show } from '../errors.ts';
import { checkId } from '../ids.ts';
import type { LogLevel } from '../log.ts';
import { type AgentId, OUTSIDE } from '../message.ts';
import type { Random } from '../random.ts';
import type { Topics } from '../topics.ts';
import type { AlarmClock, Timed } from './alarm-clock.ts';
import type { LiveCommand } from './parcels.ts';
import type { Residents } from './residents.ts';

/** What the host of agents must know of its cluster, and whom it tells. */
export interface HostSurroundings {
  readonly table: AgentTable;
  readonly topics: Topics;
  readonly directory: Directory;
  readonly clock: AlarmClock;
  readonly classes: readonly AgentClass[];
  readonly residents: Pick<Residents, 'randomOf'>;
  readonly reports: Map<string, Map<AgentId, unknown>>;
  /** Seconds since the start. */
  readonly now: number;
  /** Whether alarms are still set: not while the run is drained. */
  readonly setsAlarms: boolean;
  /** Sends at once, or when all are set up. */
  dispatch(timed: Timed): void;
  command(from: AgentId, command: LiveCommand): void;
  onAlarmLost(): void;
  onStop(agent: AgentId, reason: string, value: unknown): void;
  onPause(agent: AgentId): void;
  onLog(agent: AgentId, level: LogLevel, text: string, data: unknown): void;
}

/** What an agent may do in live mode: at once, on the clock on the wall. */
export class LiveHost implements Host {
  readonly awaits = true;
  readonly #around: HostSurroundings;

  constructor(surroundings: HostSurroundings) {
    this.#around = surroundings;
  }

  get now(): number {
    return this.#around.now;
  }

  send(sender: number, to: AgentId, topic: string, body: unknown, delay: number, direct: boolean): void {
    if (to !== OUTSIDE) checkId(to);
    this.#send(this.#idOf(sender), to, topic, body, delay, direct);
  }

  broadcast(sender: number, topic: string, body: unknown, delay: number): void {
    this.#send(this.#idOf(sender), undefined, topic, body, delay, false);
  }

  #send(
    from: AgentId,
    to: AgentId | undefined,
    topic: string,
    body: unknown,
    delay: number,
    direct: boolean,
  ): void {
    const around = this.#around;
    around.topics.indexOf(topic);
    const { now } = around;
    const due = this.#due(from, topic, now, delay);
    const timed: Timed = { due, from, to, topic, body, sentAt: now, direct, isAlarm: false, unref: false };
    if (delay === 0) around.dispatch(timed);
    else if (around.setsAlarms) around.clock.set(timed);
    else around.onAlarmLost();
  }

  setAlarm(
    sender: number,
    topic: string,
    body: unknown,
    at: number,
    delay: number,
    options: AlarmOptions,
  ): AlarmId {
    const around = this.#around;
    const from = this.#idOf(sender);
    around.topics.indexOf(topic);
    const { now } = around;
    // A time that is past is due at once: the clock goes on while an agent reckons.
    const due = Number.isNaN(at) ? this.#due(from, topic, now, delay) : this.#checkTime(from, topic, at);
    const to = options.to ?? from;
    if (to !== '*' && to !== OUTSIDE) checkId(to);
    if (!around.setsAlarms) {
      around.onAlarmLost();
      return 0 as AlarmId;
    }
    return around.clock.set({
      due,
      from,
      to: to === '*' ? undefined : to,
      topic,
      body,
      sentAt: now,
      // Subscribers get no copy of an alarm.
      direct: true,
      isAlarm: true,
      unref: options.unref === true,
    });
  }

  #due(from: AgentId, topic: string, now: number, delay: number): number {
    if (delay >= 0 && delay < Number.POSITIVE_INFINITY) return now + delay;
    throw new SimulationError(
      'ERR_TROUPE_TIME',
      `agent ${show(from)} sends ${show(topic)} with a delay of ${show(delay)}: give a finite number of seconds, 0 or more`,
      { agent: from, topic, time: now, value: delay },
    );
  }

  #checkTime(from: AgentId, topic: string, at: number): number {
    if (at > Number.NEGATIVE_INFINITY && at < Number.POSITIVE_INFINITY) return at;
    throw new SimulationError(
      'ERR_TROUPE_TIME',
      `agent ${show(from)} sets an alarm ${show(topic)} for time ${show(at)}: give a finite time`,
      { agent: from, topic, time: this.now, value: at },
    );
  }

  cancelAlarm(sender: number, alarm: AlarmId): boolean {
    return this.#around.clock.cancel(this.#idOf(sender), alarm);
  }

  cancelAlarms(sender: number, filter: AlarmFilter): number {
    return this.#around.clock.cancelMatching(this.#idOf(sender), filter);
  }

  alarmsOf(sender: number, filter: AlarmFilter): AlarmInfo[] {
    return this.#around.clock.list(this.#idOf(sender), filter);
  }

  subscribe(sender: number, subscription: Subscription): void {
    const checked = checkSubscription(subscription);
    this.#around.command(this.#idOf(sender), { kind: 'subscribe', subscription: checked });
  }

  unsubscribe(sender: number, subscription: Subscription | undefined): void {
    const checked = subscription === undefined ? null : checkSubscription(subscription);
    this.#around.command(this.#idOf(sender), { kind: 'unsubscribe', subscription: checked });
  }

  subscribers(subscription: Subscription): AgentId[] {
    return this.#around.directory.subscribersOf(checkSubscription(subscription));
  }

  subscriptions(agent: number): Subscription[] {
    return this.#around.directory.subscriptionsOf(agent);
  }

  subscribedTopics(): string[] {
    return this.#around.directory.topics();
  }

  add(sender: number, agentClass: AgentClass, id: AgentId, args: readonly unknown[]): void {
    checkId(id);
    const known = this.#around.classes.indexOf(agentClass);
    if (known === -1) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_INVALID',
        `${agentClass.name || 'the class'} is not among the classes that may be added: list it under agents of the model, so that every cluster can make one`,
        { agent: id },
      );
    }
    this.#around.command(this.#idOf(sender), { kind: 'add', agentClass: known, id, args });
  }

  remove(sender: number, id: AgentId): void {
    checkId(id);
    this.#around.command(this.#idOf(sender), { kind: 'remove', id });
  }

  stop(sender: number, reason: string, value: unknown): void {
    this.#around.onStop(this.#idOf(sender), String(reason), value);
  }

  pause(sender: number): void {
    this.#around.onPause(this.#idOf(sender));
  }

  report(sender: number, name: string, value: unknown): void {
    const { reports } = this.#around;
    let values = reports.get(name);
    if (values === undefined) {
      values = new Map();
      reports.set(name, values);
    }
    values.set(this.#idOf(sender), value);
  }

  log(sender: number, level: LogLevel, text: string, data: unknown): void {
    this.#around.onLog(this.#idOf(sender), level, text, data);
  }

  random(agent: number): Random {
    return this.#around.residents.randomOf(agent);
  }

  setAwake(agent: number, awake: boolean): void {
    if (!awake) return;
    const id = this.#idOf(agent);
    throw new SimulationError(
      'ERR_TROUPE_LIVE_UNSUPPORTED',
      `agent ${show(id)} wants to be awake in every round, but live mode has no rounds: use an alarm`,
      { agent: id },
    );
  }

  #idOf(index: number): AgentId {
    return this.#around.table.ids[index] as AgentId;
  }
}
