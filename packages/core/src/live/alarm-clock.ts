import type { AlarmFilter, AlarmId, AlarmInfo } from '../agent.ts';
import type { AgentId } from '../message.ts';

/** Something that is sent later: an alarm, or a message with a delay. */
export interface Timed {
  /** When, in seconds of wall time. */
  readonly due: number;
  readonly from: AgentId;
  /** Undefined for a broadcast. */
  readonly to: AgentId | undefined;
  readonly topic: string;
  readonly body: unknown;
  /** When it was set. */
  readonly sentAt: number;
  /** Whether subscribers are passed over. */
  readonly direct: boolean;
  /** Whether its sender can list it and call it back. */
  readonly isAlarm: boolean;
  readonly unref: boolean;
}

interface Entry extends Timed {
  readonly id: AlarmId;
  cancelled: boolean;
}

/** Fewer dead entries than this are not worth clearing away. */
const FEW = 64;

/**
 * What is due later in one cluster: a binary heap by time, equal times in the order in which they were set. What is
 * called back stays in the heap until it comes up, or until the dead outnumber the living.
 */
export class AlarmClock {
  #heap: Entry[] = [];
  #dead = 0;
  #ids = 0;
  /** Alarms that can be called back, by who set them. */
  readonly #bySender = new Map<AgentId, Map<AlarmId, Entry>>();
  /** What keeps a run from being at its end: all but what is unref'd. */
  live = 0;

  /** How many are pending. */
  get size(): number {
    return this.#heap.length - this.#dead;
  }

  /** When the next is due; infinity when there is none. */
  get next(): number {
    while (this.#heap[0]?.cancelled === true) this.#pop();
    return this.#heap[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  set(timed: Timed): AlarmId {
    this.#ids += 1;
    const entry: Entry = { ...timed, id: this.#ids as AlarmId, cancelled: false };
    if (!entry.unref) this.live += 1;
    if (entry.isAlarm) {
      let own = this.#bySender.get(entry.from);
      if (own === undefined) {
        own = new Map();
        this.#bySender.set(entry.from, own);
      }
      own.set(entry.id, entry);
    }
    this.#push(entry);
    return entry.id;
  }

  /** Takes out the first that is due at `now` or before; undefined when there is none. */
  take(now: number): Timed | undefined {
    if (!(this.next <= now)) return undefined;
    const entry = this.#pop();
    this.#forget(entry);
    return entry;
  }

  /** Whether `sender` had set the alarm, and it is not sent now. */
  cancel(sender: AgentId, alarm: AlarmId): boolean {
    const entry = this.#bySender.get(sender)?.get(alarm);
    if (entry === undefined) return false;
    this.#kill(entry);
    return true;
  }

  /** Cancels the alarms that `sender` has set and that match; answers their number. */
  cancelMatching(sender: AgentId, filter: AlarmFilter): number {
    const found = this.#matching(sender, filter);
    for (const entry of found) this.#kill(entry);
    return found.length;
  }

  /** The alarms that `sender` has set and that match, earliest first. */
  list(sender: AgentId, filter: AlarmFilter): AlarmInfo[] {
    return this.#matching(sender, filter)
      .sort((a, b) => a.due - b.due || a.id - b.id)
      .map(({ id, due, topic, to }) => ({ id, due, topic, to }));
  }

  /** Discards everything; answers how much that was. */
  clear(): number {
    const { size } = this;
    this.#heap = [];
    this.#dead = 0;
    this.live = 0;
    this.#bySender.clear();
    return size;
  }

  #matching(sender: AgentId, { topic, to }: AlarmFilter): Entry[] {
    return Array.from(this.#bySender.get(sender)?.values() ?? []).filter(
      (entry) =>
        (topic === undefined || entry.topic === topic) &&
        (to === undefined || (to === '*' ? entry.to === undefined : entry.to === to)),
    );
  }

  #kill(entry: Entry): void {
    entry.cancelled = true;
    this.#dead += 1;
    this.#forget(entry);
    if (this.#dead > FEW && this.#dead * 2 > this.#heap.length) this.#compact();
  }

  #forget(entry: Entry): void {
    if (!entry.unref) this.live -= 1;
    const own = this.#bySender.get(entry.from);
    if (own?.delete(entry.id) && own.size === 0) this.#bySender.delete(entry.from);
  }

  #compact(): void {
    const living = this.#heap.filter((entry) => !entry.cancelled);
    this.#heap = [];
    this.#dead = 0;
    for (const entry of living) this.#push(entry);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let hole = heap.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent] as Entry;
      if (isBefore(above, entry)) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (top.cancelled) this.#dead -= 1;
    if (heap.length === 0) return top;
    let hole = 0;
    for (;;) {
      let child = hole * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      const below = heap[child] as Entry;
      if (isBefore(last, below)) break;
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = last;
    return top;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.due < b.due || (a.due === b.due && a.id < b.id);
}
