import { compareIds } from './ids.ts';
import type { DeadLetter } from './kernel.ts';
import type { LogEntry } from './log.ts';
import type { Journal, Upto } from './node/protocol.ts';
import type { EventRecord } from './observer.ts';

/** Anything that happened at an instant, to an agent. */
interface Dated {
  readonly time: number;
  readonly round: number;
}

/**
 * Merges what the clusters tell into one order, that of simulated time, and within a round of the agents' ids: the same
 * for every placement. What an agent got in one round keeps its order.
 */
export class JournalMerger {
  readonly #upto: (Upto | undefined)[];
  #events: EventRecord[] = [];
  #logs: LogEntry[] = [];
  #letters: DeadLetter[] = [];

  constructor(nodes: number) {
    this.#upto = new Array<undefined>(nodes).fill(undefined);
  }

  /** Takes in what one node tells. */
  take(node: number, journal: Journal): void {
    // One by one: as arguments, a large journal would overflow the stack.
    for (const event of journal.events) this.#events.push(event);
    for (const entry of journal.logs) this.#logs.push(entry);
    for (const letter of journal.letters) this.#letters.push(letter);
    if (journal.upto !== undefined) this.#upto[node] = journal.upto;
  }

  /** What all nodes have told of, in order. */
  ready(): Merged {
    let least: Upto | undefined;
    for (const upto of this.#upto) {
      if (upto === undefined) return EMPTY;
      if (least === undefined || before(upto, least)) least = upto;
    }
    return this.#cut(least as Upto);
  }

  /** All that is left up to `last`; what came after it is dropped. A run begins after it. */
  end(last: Upto = { time: Number.POSITIVE_INFINITY, round: 0 }): Merged {
    const merged = this.#cut(last);
    this.#events = [];
    this.#logs = [];
    this.#letters = [];
    this.#upto.fill(undefined);
    return merged;
  }

  #cut(last: Upto): Merged {
    const split = <T extends Dated>(list: T[]): [T[], T[]] => {
      const due: T[] = [];
      const later: T[] = [];
      for (const item of list) (before(last, item) ? later : due).push(item);
      return [due, later];
    };
    const [events, laterEvents] = split(this.#events);
    const [logs, laterLogs] = split(this.#logs);
    const [letters, laterLetters] = split(this.#letters);
    this.#events = laterEvents;
    this.#logs = laterLogs;
    this.#letters = laterLetters;
    const byInstant = (a: Dated, b: Dated): number => a.time - b.time || a.round - b.round;
    events.sort((a, b) => byInstant(a, b) || compareIds(a.to, b.to));
    logs.sort((a, b) => byInstant(a, b) || compareIds(a.agent, b.agent));
    letters.sort((a, b) => byInstant(a, b) || compareIds(a.to, b.to) || compareIds(a.from, b.from));
    return { events, logs, letters };
  }
}

export interface Merged {
  readonly events: readonly EventRecord[];
  readonly logs: readonly LogEntry[];
  readonly letters: readonly DeadLetter[];
}

const EMPTY: Merged = { events: [], logs: [], letters: [] };

function before(a: Dated, b: Dated): boolean {
  return a.time < b.time || (a.time === b.time && a.round < b.round);
}

/** A queue of events between one who writes and one who iterates. */
export class EventStream implements AsyncIterableIterator<EventRecord> {
  readonly #queue: EventRecord[] = [];
  #start = 0;
  readonly #waiting: ((result: IteratorResult<EventRecord>) => void)[] = [];
  #ended = false;
  readonly #onDemand: () => void;

  /** @param onDemand called when something was taken */
  constructor(onDemand: () => void) {
    this.#onDemand = onDemand;
  }

  /** Events that nobody has taken yet. */
  get backlog(): number {
    return this.#queue.length - this.#start;
  }

  /** Whether its reader has left, or nothing will come any more. */
  get ended(): boolean {
    return this.#ended;
  }

  push(event: EventRecord): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push(event);
    else waiting({ done: false, value: event });
  }

  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<EventRecord>> {
    if (this.backlog > 0) {
      const value = this.#queue[this.#start] as EventRecord;
      this.#start += 1;
      if (this.#start > 1024 && this.#start * 2 > this.#queue.length) {
        this.#queue.splice(0, this.#start);
        this.#start = 0;
      }
      this.#onDemand();
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  return(): Promise<IteratorResult<EventRecord>> {
    this.end();
    this.#queue.length = 0;
    this.#start = 0;
    this.#onDemand();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
