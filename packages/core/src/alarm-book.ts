import type { AgentTable } from './agent-table.ts';
import { COUNT, type EventPool, NONE, SENDER } from './queue/event-pool.ts';

/** Slots below this are named by an alarm's id, as a hint where to look first. */
const HINTED_SLOTS = 2 ** 21;
const COUNTS = 2 ** 32;

/**
 * Which pending alarms each agent has set: a chain per agent through the records, so that setting, firing and
 * cancelling one takes the same time however many there are.
 */
export class AlarmBook {
  readonly #pool: EventPool;
  readonly #table: AgentTable;
  #before = new Int32Array(0);
  #after = new Int32Array(0);

  constructor(pool: EventPool, table: AgentTable) {
    this.#pool = pool;
    this.#table = table;
  }

  /** The id of the alarm in `slot`: the setter's own count, which no other of its alarms has, and a hint. */
  static idOf(slot: number, count: number): number {
    return (slot % HINTED_SLOTS) * COUNTS + (count >>> 0);
  }

  link(slot: number, sender: number): void {
    if (slot >= this.#after.length) {
      const length = this.#pool.next.length;
      const wider = (array: Int32Array): Int32Array<ArrayBuffer> => {
        const larger = new Int32Array(length).fill(NONE);
        larger.set(array);
        return larger;
      };
      this.#before = wider(this.#before);
      this.#after = wider(this.#after);
    }
    const first = this.#table.alarms[sender] as number;
    this.#before[slot] = NONE;
    this.#after[slot] = first;
    if (first !== NONE) this.#before[first] = slot;
    this.#table.alarms[sender] = slot;
  }

  unlink(slot: number, sender: number): void {
    const before = this.#before[slot] as number;
    const after = this.#after[slot] as number;
    if (before === NONE) this.#table.alarms[sender] = after;
    else this.#after[before] = after;
    if (after !== NONE) this.#before[after] = before;
  }

  /** The slot of the alarm that `sender` knows by `id`, or NONE when it is no longer pending. */
  find(sender: number, id: number): number {
    if (!Number.isSafeInteger(id) || id < 0) return NONE;
    const count = (id % COUNTS) | 0;
    const hint = Math.floor(id / COUNTS);
    if (this.#pool.holds(hint) && this.#is(hint, sender, count) && this.#isLinked(hint, sender)) return hint;
    for (let slot = this.#table.alarms[sender] as number; slot !== NONE; slot = this.#after[slot] as number) {
      if (this.#is(slot, sender, count)) return slot;
    }
    return NONE;
  }

  /** The alarms that `sender` has set, latest set first. */
  of(sender: number): number[] {
    const slots: number[] = [];
    for (let slot = this.#table.alarms[sender] as number; slot !== NONE; slot = this.#after[slot] as number) {
      slots.push(slot);
    }
    return slots;
  }

  #is(slot: number, sender: number, count: number): boolean {
    const at = slot * this.#pool.wordStride;
    return this.#pool.words[at + SENDER] === sender && this.#pool.words[at + COUNT] === count;
  }

  /** A free slot may still hold the words of the alarm that was there. */
  #isLinked(slot: number, sender: number): boolean {
    if (slot >= this.#after.length) return false;
    const before = this.#before[slot] as number;
    return before === NONE ? this.#table.alarms[sender] === slot : this.#after[before] === slot;
  }
}
