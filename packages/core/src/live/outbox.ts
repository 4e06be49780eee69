import { type AgentId, OUTSIDE } from '../message.ts';
import type { MailboxLimits } from './mailbox.ts';
import { isCounted, type Parcel } from './parcels.ts';
import type { Resident } from './resident.ts';
import type { Residents } from './residents.ts';
import type { Runner } from './runner.ts';

/** What carries parcels, and who sends them. */
export interface OutboxSurroundings {
  readonly limits: MailboxLimits;
  /** The cluster that an id is placed on. */
  homeOf(id: AgentId): number;
  /** Sends a parcel to another cluster: reliably, and in order. */
  carry(cluster: number, parcel: Parcel): void;
  /** Whether so much is under way to a cluster that those who send there should wait. */
  isFull(cluster: number): boolean;
  readonly residents: Pick<Residents, 'of'>;
  readonly runner: Pick<Runner, 'consider'>;
}

/**
 * What a cluster sends to others. An agent waits while a link that it has sent over is full; and, where mailboxes let
 * senders wait, while it has as many messages under way as a mailbox holds: until it hears that they have arrived, it
 * cannot know that it has to wait.
 */
export class Outbox {
  /** Parcels sent that make their receiver do something. */
  sent = 0;

  readonly #around: OutboxSurroundings;
  /** Messages that an agent may have under way. */
  readonly #window: number;
  /** By link that is full: who has sent over it. */
  readonly #waiting = new Map<number, Set<Resident>>();
  /** Messages that have arrived here since senders in other clusters were told. */
  #arrived = new Map<AgentId, number>();

  constructor(surroundings: OutboxSurroundings) {
    const { capacity, whenFull } = surroundings.limits;
    this.#around = surroundings;
    this.#window = whenFull === 'wait' ? capacity : Number.POSITIVE_INFINITY;
  }

  /** Whether an agent must wait for what it has sent to other clusters. */
  isHeld(resident: Resident): boolean {
    return resident.fullLinks > 0 || resident.underWay >= this.#window;
  }

  /** @throws {TransportError} where the parcel cannot be sent */
  send(cluster: number, parcel: Parcel): void {
    this.#around.carry(cluster, parcel);
    if (isCounted(parcel)) this.sent += 1;
    if (parcel.kind !== 'message') return;
    const resident = this.#around.residents.of(parcel.from);
    if (resident === undefined) return;
    if (this.#window !== Number.POSITIVE_INFINITY) resident.underWay += 1;
    if (this.#around.isFull(cluster)) this.#hold(cluster, resident);
  }

  /** A message of an agent of another cluster has arrived here. */
  note(sender: AgentId): void {
    // Whoever sends from outside waits for the fate of each message.
    if (this.#window === Number.POSITIVE_INFINITY || sender === OUTSIDE) return;
    this.#arrived.set(sender, (this.#arrived.get(sender) ?? 0) + 1);
  }

  /** Whether there are arrivals that were not told. */
  get hasNotes(): boolean {
    return this.#arrived.size > 0;
  }

  /** Tells senders in other clusters what has arrived: once for each, however much it was. */
  tellArrivals(): void {
    if (this.#arrived.size === 0) return;
    const arrived = this.#arrived;
    this.#arrived = new Map();
    for (const [sender, count] of arrived) {
      this.send(this.#around.homeOf(sender), { kind: 'arrived', sender, count });
    }
  }

  /** So many messages of an agent of this cluster have arrived in another. */
  onArrived(sender: AgentId, count: number): void {
    const resident = this.#around.residents.of(sender);
    if (resident === undefined) return;
    // Some may have been sent by another who was here under this id.
    resident.underWay = Math.max(0, resident.underWay - count);
    this.#around.runner.consider(resident);
  }

  /** The link to a cluster has room again. */
  onRoom(cluster: number): void {
    const residents = this.#waiting.get(cluster);
    if (residents === undefined) return;
    this.#waiting.delete(cluster);
    for (const resident of residents) {
      resident.fullLinks -= 1;
      this.#around.runner.consider(resident);
    }
  }

  #hold(cluster: number, resident: Resident): void {
    let waiting = this.#waiting.get(cluster);
    if (waiting === undefined) {
      waiting = new Set();
      this.#waiting.set(cluster, waiting);
    }
    if (waiting.has(resident)) return;
    waiting.add(resident);
    resident.fullLinks += 1;
  }
}
