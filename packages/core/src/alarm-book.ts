import type { AgentTable } from './agent-table.ts';
import { COUNT, type EventPool, NONE } from './queue/event-pool.ts';

const COUNTS = 2 ** 32;

/**
 * Which pending alarms each agent has set: a chain per agent through the records. Setting and firing one takes the same
 * time however many there are; to find one by its name is to look through those of its agent.
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

  /**
   * The slot of the alarm that `sender` set with this count of its own, or NONE when it is no longer pending. Looks at
   * the latest set first.
   */
  find(sender: number, id: number): number {
    if (!(Number.isInteger(id) && id >= 0 && id < COUNTS)) return NONE;
    const count = id | 0;
    for (let slot = this.#table.alarms[sender] as number; slot !== NONE; slot = this.#after[slot] as number) {
      if (this.#pool.words[slot * this.#pool.wordStride + COUNT] === count) return slot;
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
}
