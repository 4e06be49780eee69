import type { AgentTable } from './agent-table.ts';
import type { AgentId } from './message.ts';
import { COMMAND, type EventPool, NONE, RECEIVER, SENDER } from './queue/event-pool.ts';
import type { Topics } from './topics.ts';

/** A message, or an alarm, that waits for its time. */
export interface PendingMessage {
  /** Simulated time in seconds at which it is due. */
  readonly due: number;
  /** Who will get it; undefined for a broadcast: whoever is subscribed then. */
  readonly to: AgentId | undefined;
  readonly from: AgentId;
  readonly topic: string;
  /** Simulated time at which it was sent, or the alarm set. */
  readonly sentAt: number;
}

/** Where pending messages lie. */
interface Waiting {
  readonly pool: EventPool;
  readonly table: AgentTable;
  readonly topics: Topics;
  /** Visits the slots of all that is pending, in no order. */
  readonly forEach: (visit: (slot: number) => void) => void;
  /** Canonical order of two that are due at the same time. */
  readonly compare: (a: number, b: number) => number;
}

/**
 * The `limit` messages that are due first, in order of due time, then canonical order. Commands of agents are no
 * messages and left out. Takes memory for about twice `limit`, however many are pending.
 */
export function firstPending(
  { pool, table, topics, forEach, compare }: Waiting,
  limit: number,
): PendingMessage[] {
  const word = (slot: number, field: number): number => pool.words[slot * pool.wordStride + field] as number;
  let slots: number[] = [];
  const keepFirst = (): void => {
    slots.sort((a, b) => (pool.due[a] as number) - (pool.due[b] as number) || compare(a, b));
    slots = slots.slice(0, limit);
  };
  forEach((slot) => {
    if ((pool.flagsOf(slot) & COMMAND) !== 0) return;
    slots.push(slot);
    if (slots.length > 2 * limit + 64) keepFirst();
  });
  keepFirst();
  return slots.map((slot) => {
    const receiver = word(slot, RECEIVER);
    return {
      due: pool.due[slot] as number,
      to: receiver === NONE ? undefined : (table.ids[receiver] as AgentId),
      from: table.ids[word(slot, SENDER)] as AgentId,
      topic: topics.name(pool.topicOf(slot)),
      sentAt: pool.sentAtOf(slot),
    };
  });
}
