import type { AlarmFilter, AlarmId, AlarmInfo } from './agent.ts';
import type { AgentTable } from './agent-table.ts';
import { AlarmBook } from './alarm-book.ts';
import type { AgentId } from './message.ts';
import {
  ALARM,
  CANCELLED,
  COUNT,
  type EventPool,
  NONE,
  RECEIVER,
  SENDER,
  SHADOW,
  UNREF,
} from './queue/event-pool.ts';
import type { LadderQueue } from './queue/ladder-queue.ts';
import type { Topics } from './topics.ts';

/** What alarms need to know of the cluster they are pending in. */
interface Surroundings {
  readonly now: number;
  readonly lookahead: number;
  /** Messages and alarms that keep the run alive. */
  live: number;
}

/** The pending alarms of a cluster: found, listed and called back. */
export class Alarms {
  readonly #cluster: Surroundings;
  readonly #pool: EventPool;
  readonly #queue: LadderQueue;
  readonly #table: AgentTable;
  readonly #topics: Topics;
  readonly #book: AlarmBook;
  /** Alarms to others that were called back in this window. */
  #calledBack = new Set<number>();

  constructor(cluster: Surroundings, pool: EventPool, queue: LadderQueue, table: AgentTable, topics: Topics) {
    this.#cluster = cluster;
    this.#pool = pool;
    this.#queue = queue;
    this.#table = table;
    this.#topics = topics;
    this.#book = new AlarmBook(pool, table);
  }

  /** The alarm in `slot` is pending; answers its name. */
  add(slot: number, sender: number): AlarmId {
    this.#book.link(slot, sender);
    return this.#idOf(slot);
  }

  /** The alarm in `slot` is about to be delivered. */
  forget(slot: number): void {
    this.#book.unlink(slot, this.#word(slot, SENDER));
  }

  /** Cancels one alarm that `sender` set; whether it will not be delivered. */
  cancel(sender: number, alarm: AlarmId): boolean {
    const slot = this.#book.find(sender, alarm);
    return slot !== NONE && this.#cancel(slot, sender);
  }

  /** Cancels those that `sender` set and that match; answers their number. */
  cancelMatching(sender: number, filter: AlarmFilter): number {
    let cancelled = 0;
    for (const slot of this.#book.of(sender)) {
      if (this.#matches(slot, filter) && this.#cancel(slot, sender)) cancelled += 1;
    }
    return cancelled;
  }

  /** Cancels those that an agent has set for itself: it is gone. */
  cancelOwn(agent: number): void {
    for (const slot of this.#book.of(agent)) {
      if (this.#word(slot, RECEIVER) === agent) this.#cancelNow(slot);
    }
  }

  /** Cancels the alarm that another cluster's agent calls back. */
  cancelByCount(sender: number, count: number): void {
    const slot = this.#book.find(sender, count >>> 0);
    if (slot !== NONE) this.#cancelNow(slot);
  }

  /** Those that `sender` set and that match, earliest first. */
  list(sender: number, filter: AlarmFilter): AlarmInfo[] {
    return this.#book
      .of(sender)
      .filter((slot) => this.#matches(slot, filter) && !this.#calledBack.has(slot))
      .map((slot) => this.#info(slot))
      .sort((a, b) => a.due - b.due || a.id - b.id);
  }

  /** Those that `receiver` would get, whoever set them, in the queue and among `coming`, earliest first. */
  listFor(receiver: number, coming: Iterable<number>): AlarmInfo[] {
    const infos: AlarmInfo[] = [];
    const collect = (slot: number): void => {
      const isAlarm = (this.#pool.flagsOf(slot) & ALARM) !== 0 && !this.#calledBack.has(slot);
      if (isAlarm && this.#word(slot, RECEIVER) === receiver) infos.push(this.#info(slot));
    };
    this.#queue.forEach(collect);
    for (const slot of coming) collect(slot);
    return infos.sort((a, b) => a.due - b.due);
  }

  /** What is pending in `slot`, alarm or not, is pending no longer. */
  discard(slot: number): void {
    const flags = this.#pool.flagsOf(slot);
    if ((flags & (UNREF | SHADOW)) === 0) this.#cluster.live -= 1;
    if ((flags & ALARM) !== 0) this.forget(slot);
    this.#pool.setFlags(slot, (flags & ~ALARM) | CANCELLED);
    this.#queue.cancel();
  }

  /** Discards all that are in the queue. */
  clear(): void {
    this.settle();
    const alarms: number[] = [];
    this.#queue.forEach((slot) => {
      if ((this.#pool.flagsOf(slot) & ALARM) !== 0) alarms.push(slot);
    });
    // Those due at this very instant too: what the queue holds has not been taken up.
    for (const slot of alarms) this.#callBack(slot);
  }

  /** Visits the recalls of the window that is over, to tell other clusters of them. */
  eachCalledBack(visit: (sender: number, count: number, receiver: number) => void): void {
    for (const slot of this.#calledBack) {
      visit(this.#word(slot, SENDER), this.#word(slot, COUNT), this.#word(slot, RECEIVER));
    }
  }

  /** Takes the recalls of the window that is over into account here. */
  settle(): void {
    if (this.#calledBack.size === 0) return;
    const calledBack = this.#calledBack;
    this.#calledBack = new Set();
    for (const slot of calledBack) this.#cancelNow(slot);
  }

  /** Whether the alarm in `slot` was called back in this window. */
  isRecalled(slot: number): boolean {
    return this.#calledBack.has(slot);
  }

  /** Whether alarms to others were called back in this window. */
  get hasRecalls(): boolean {
    return this.#calledBack.size > 0;
  }

  /** Cancels the alarm in `slot` if it can still be called back. */
  #cancel(slot: number, sender: number): boolean {
    const due = this.#pool.due[slot] as number;
    const { now, lookahead } = this.#cluster;
    // One without delay is in the next round already, beyond recall in every placement.
    if (due <= now) return false;
    if (this.#word(slot, RECEIVER) === sender) {
      this.#cancelNow(slot);
      return true;
    }
    if (now + lookahead > due || this.#calledBack.has(slot)) return false;
    this.#calledBack.add(slot);
    return true;
  }

  #cancelNow(slot: number): void {
    if ((this.#pool.due[slot] as number) > this.#cluster.now) this.#callBack(slot);
  }

  #callBack(slot: number): void {
    const flags = this.#pool.flagsOf(slot);
    if ((flags & CANCELLED) === 0) this.discard(slot);
  }

  #matches(slot: number, filter: AlarmFilter): boolean {
    if (filter.topic !== undefined && this.#topics.name(this.#pool.topicOf(slot)) !== filter.topic)
      return false;
    if (filter.to === undefined) return true;
    const receiver = this.#word(slot, RECEIVER);
    if (filter.to === '*') return receiver === NONE;
    return receiver !== NONE && this.#table.ids[receiver] === filter.to;
  }

  #info(slot: number): AlarmInfo {
    const receiver = this.#word(slot, RECEIVER);
    return {
      id: this.#idOf(slot),
      due: this.#pool.due[slot] as number,
      topic: this.#topics.name(this.#pool.topicOf(slot)),
      to: receiver === NONE ? undefined : (this.#table.ids[receiver] as AgentId),
    };
  }

  #idOf(slot: number): AlarmId {
    return (this.#word(slot, COUNT) >>> 0) as AlarmId;
  }

  #word(slot: number, field: number): number {
    return this.#pool.words[slot * this.#pool.wordStride + field] as number;
  }
}
