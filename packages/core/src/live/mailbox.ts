import type { AgentId } from '../message.ts';

/**
 * What happens to a message that comes when the mailbox of its receiver is full: it waits, and its sender handles
 * nothing further until there is room (`wait`); the oldest in the mailbox gives way (`drop-oldest`); it is dropped itself
 * (`drop-newest`); or sending it is an error of the sender (`error`).
 */
export type WhenFull = 'wait' | 'drop-oldest' | 'drop-newest' | 'error';

export const WHEN_FULL: readonly WhenFull[] = ['wait', 'drop-oldest', 'drop-newest', 'error'];

export interface MailboxLimits {
  /** Messages that an agent may have before it, the one it handles not counted. */
  readonly capacity: number;
  readonly whenFull: WhenFull;
}

/** What became of a message that was put: taken, waiting, or not kept; or taken in place of the oldest. */
export type Offer<L> = 'taken' | 'waits' | 'dropped' | 'refused' | { readonly displaced: L };

/**
 * The messages before one agent, in the order in which they came.
 *
 * ```text
 *    next to be handled                     capacity
 *    v                                      |
 *   [ a3 | b1 | a4 | c1 | b2 | c2 | a5 ...  | d1 | d2 | e1 ]  <- put
 *     taken                                 | waiting: d and e are held
 * ```
 *
 * With `wait`, those beyond the capacity are not taken yet. What an agent sends to itself is taken in any case: it
 * would wait for itself for ever. And where agents wait for each other in a circle, the messages of one of them are
 * excused: taken, though they stand beyond the capacity, up to as many again as that.
 */
export class Mailbox<L extends { readonly from: AgentId }> {
  /** The message that has become taken by the last {@link take}: its sender need not wait for it any more. */
  admitted: L | undefined;

  readonly #owner: AgentId;
  readonly #limits: MailboxLimits;
  #letters: (L | undefined)[] = [];
  #start = 0;
  /** How many of a sender's messages are waiting, and how many stand beyond the capacity and are excused. */
  readonly #waiting = new Map<AgentId, number>();
  readonly #excused = new Map<AgentId, number>();
  #excusedCount = 0;

  constructor(owner: AgentId, limits: MailboxLimits) {
    this.#owner = owner;
    this.#limits = limits;
  }

  /** How many messages are here, waiting ones included. */
  get size(): number {
    return this.#letters.length - this.#start;
  }

  /** Whether a message of another agent would be refused. */
  get refuses(): boolean {
    return this.#limits.whenFull === 'error' && this.size >= this.#limits.capacity;
  }

  /** Whether messages of `sender` are waiting here. */
  holds(sender: AgentId): boolean {
    return this.#waiting.has(sender);
  }

  /** Whose messages are waiting here. */
  get waiting(): AgentId[] {
    return [...this.#waiting.keys()];
  }

  /** A message has come. */
  put(letter: L): Offer<L> {
    if (this.size < this.#limits.capacity) return this.#keep(letter);
    switch (this.#limits.whenFull) {
      case 'drop-newest':
        return 'dropped';
      case 'error':
        return 'refused';
      case 'drop-oldest': {
        const displaced = this.#shift();
        this.#keep(letter);
        return { displaced };
      }
      default: {
        this.#keep(letter);
        if (letter.from === this.#owner) return 'taken';
        this.#waiting.set(letter.from, (this.#waiting.get(letter.from) ?? 0) + 1);
        return 'waits';
      }
    }
  }

  /** The next message, to be handled; undefined when there is none. See {@link admitted}. */
  take(): L | undefined {
    this.admitted = undefined;
    if (this.size === 0) return undefined;
    const letter = this.#shift();
    // What stood first beyond the capacity is within it now.
    const admitted = this.#letters[this.#start + this.#limits.capacity - 1];
    if (admitted !== undefined && this.#limits.whenFull === 'wait' && admitted.from !== this.#owner) {
      // Those of one sender that are excused came before those that wait.
      if (lower(this.#excused, admitted.from)) {
        this.#excusedCount -= 1;
      } else {
        lower(this.#waiting, admitted.from);
        this.admitted = admitted;
      }
    }
    return letter;
  }

  /**
   * Takes the messages of `sender` that are waiting, though there is no room for them. Answers how many; 0, with nothing
   * taken, where the mailbox would hold more than twice its capacity.
   */
  excuse(sender: AgentId): number {
    const count = this.#waiting.get(sender) ?? 0;
    if (count === 0 || this.#excusedCount + count > this.#limits.capacity) return 0;
    this.#waiting.delete(sender);
    this.#excused.set(sender, (this.#excused.get(sender) ?? 0) + count);
    this.#excusedCount += count;
    return count;
  }

  /** Empties the mailbox; answers what was in it. */
  clear(): L[] {
    const letters = this.#letters.slice(this.#start) as L[];
    this.#letters = [];
    this.#start = 0;
    this.#waiting.clear();
    this.#excused.clear();
    this.#excusedCount = 0;
    return letters;
  }

  #keep(letter: L): 'taken' {
    this.#letters.push(letter);
    return 'taken';
  }

  #shift(): L {
    const letter = this.#letters[this.#start] as L;
    this.#letters[this.#start] = undefined;
    this.#start += 1;
    if (this.#start === this.#letters.length) {
      this.#letters.length = 0;
      this.#start = 0;
    } else if (this.#start > 1024 && this.#start * 2 > this.#letters.length) {
      this.#letters.splice(0, this.#start);
      this.#start = 0;
    }
    return letter;
  }
}

/** Counts one down; false where there is nothing to count. */
function lower(counts: Map<AgentId, number>, key: AgentId): boolean {
  const count = counts.get(key);
  if (count === undefined) return false;
  if (count === 1) counts.delete(key);
  else counts.set(key, count - 1);
  return true;
}
