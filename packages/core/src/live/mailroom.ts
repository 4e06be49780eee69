import type { AgentTable } from '../agent-table.ts';
import { SimulationError, show } from '../errors.ts';
import type { DeadLetter } from '../kernel.ts';
import { type AgentId, type Delivery, OUTSIDE } from '../message.ts';
import { DEAD_LETTER_CHANNEL } from '../observer.ts';
import type { Failures } from './failures.ts';
import type { MailboxLimits, WhenFull } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
import type { ClusterCounters, Notice, Parcel, SendOutcome } from './parcels.ts';
import type { Resident } from './resident.ts';
import type { Residents } from './residents.ts';
import type { Runner } from './runner.ts';
import { type Probe, WaitGraph } from './wait-graph.ts';

/** What the mailroom must know of its cluster, and whom it tells. */
export interface MailroomSurroundings {
  readonly cluster: number;
  readonly table: AgentTable;
  readonly counters: ClusterCounters;
  /** Seconds since the start. */
  readonly now: number;
  /** Whether the run is over here: nothing is delivered any more. */
  readonly isHalting: boolean;
  readonly limits: MailboxLimits;
  readonly residents: Pick<Residents, 'at' | 'of'>;
  readonly runner: Pick<Runner, 'consider'>;
  readonly outbox: Pick<Outbox, 'isHeld' | 'send'>;
  readonly failures: Pick<Failures, 'late' | 'deadlock'>;
  tell(notice: Notice): void;
}

/** The mailboxes of a cluster: puts messages in and takes them out, and lets senders wait where they are full. */
export class Mailroom {
  /** Messages in the mailboxes. */
  queued = 0;

  readonly #around: MailroomSurroundings;
  readonly #waits: WaitGraph;
  /** Messages from outside that wait for room: under which ticket. */
  readonly #tickets = new Map<Delivery, number>();

  constructor(surroundings: MailroomSurroundings) {
    this.#around = surroundings;
    this.#waits = new WaitGraph((sender, receiver) => {
      return this.#around.residents.of(receiver)?.mailbox.holds(sender) === true;
    });
  }

  /** Whether an agent must wait for others to take its messages. */
  isHeld(resident: Resident): boolean {
    return this.#around.outbox.isHeld(resident) || this.#waits.waits(resident.id);
  }

  /** Puts a message before an agent of this cluster. */
  deliver(receiver: number, letter: Delivery, ticket?: number): void {
    const around = this.#around;
    const { counters } = around;
    counters.arrived += 1;
    if (around.isHalting) {
      counters.discarded += 1;
      return;
    }
    const resident = around.residents.at(receiver);
    if (resident === undefined || (resident.phase === 'leaving' && resident.successor === undefined)) {
      this.#deadLetter(letter, around.table.ids[receiver] as AgentId, ticket);
      return;
    }
    const { mailbox } = resident;
    const held = mailbox.holds(letter.from);
    const offer = mailbox.put(letter);
    if (offer === 'dropped' || offer === 'refused') {
      this.#notTaken(offer, letter, resident, ticket);
      return;
    }
    if (typeof offer === 'object') {
      counters.droppedOldest += 1;
      this.#tellDropped(offer.displaced, resident.id, 'drop-oldest');
    } else {
      this.queued += 1;
    }
    if (mailbox.size > counters.highWater) counters.highWater = mailbox.size;
    if (offer === 'waits') this.#letWait(letter, resident, held, ticket);
    else if (ticket !== undefined) this.#answer(ticket, 'accepted');
    around.runner.consider(resident);
  }

  /**
   * @throws {SimulationError} `ERR_TROUPE_MAILBOX_FULL` where a message to an agent of this cluster would be the error
   *   of its sender
   */
  refuseFull(from: AgentId, topic: string, receiver: number): void {
    const resident = this.#around.residents.at(receiver);
    if (resident?.mailbox.refuses === true) throw this.#fullError(from, topic, resident.id);
  }

  /** There is nobody whom a message could be put before. */
  turnAway(letter: Delivery, to: AgentId, ticket: number | undefined): void {
    this.#around.counters.arrived += 1;
    this.#deadLetter(letter, to, ticket);
  }

  #fullError(from: AgentId, topic: string, to: AgentId): SimulationError {
    return new SimulationError(
      'ERR_TROUPE_MAILBOX_FULL',
      `agent ${show(from)} sends ${show(topic)} to agent ${show(to)}, whose mailbox is full (${this.#around.limits.capacity}): send less, or choose another capacity or whenFull`,
      { agent: from, topic, value: to },
    );
  }

  #notTaken(
    offer: 'dropped' | 'refused',
    letter: Delivery,
    resident: Resident,
    ticket: number | undefined,
  ): void {
    const around = this.#around;
    if (offer === 'dropped') {
      around.counters.droppedNewest += 1;
      this.#tellDropped(letter, resident.id, 'drop-newest');
      if (ticket !== undefined) this.#answer(ticket, 'dropped');
      return;
    }
    around.counters.refused += 1;
    this.#tellDropped(letter, resident.id, 'error');
    const { from, topic } = letter;
    if (ticket !== undefined)
      around.tell({ kind: 'refusal', ticket, error: this.#fullError(from, topic, resident.id) });
    else if (from !== OUTSIDE)
      this.#tellHome(from, { kind: 'refused', sender: from, receiver: resident.id, topic });
  }

  #tellDropped({ from, topic }: Delivery, to: AgentId, whenFull: Exclude<WhenFull, 'wait'>): void {
    this.#around.tell({ kind: 'dropped', message: { time: this.#around.now, to, from, topic, whenFull } });
  }

  #answer(ticket: number, outcome: SendOutcome): void {
    this.#around.tell({ kind: 'outcome', ticket, outcome });
  }

  /** A message has reached nobody. */
  #deadLetter({ from, topic }: Delivery, to: AgentId, ticket: number | undefined): void {
    this.#around.counters.deadLetters += 1;
    const letter: DeadLetter = { time: this.#around.now, round: 0, to, from, topic };
    this.#around.tell({ kind: 'deadLetter', letter });
    DEAD_LETTER_CHANNEL.publish(letter);
    if (ticket !== undefined) this.#answer(ticket, 'deadLetter');
  }

  /** The next message of an agent, to be handled. */
  next(resident: Resident): Delivery | undefined {
    const letter = resident.mailbox.take();
    if (letter === undefined) return undefined;
    this.queued -= 1;
    this.#around.counters.delivered += 1;
    const { admitted } = resident.mailbox;
    if (admitted !== undefined) this.#admit(admitted, resident);
    return letter;
  }

  /** All messages of an agent that are taken. */
  nextAll(resident: Resident): Delivery[] {
    const count = Math.min(resident.mailbox.size, this.#around.limits.capacity);
    return Array.from({ length: count }, () => this.next(resident) as Delivery);
  }

  /** Empties the mailbox of an agent that is leaving, or of one when the run is over. */
  empty(resident: Resident): void {
    const senders = resident.mailbox.waiting;
    const letters = resident.mailbox.clear();
    this.queued -= letters.length;
    for (const letter of letters) {
      const ticket = this.#tickets.get(letter);
      this.#tickets.delete(letter);
      if (this.#around.isHalting) this.#around.counters.discarded += 1;
      else this.#deadLetter(letter, resident.id, ticket);
    }
    // When the run is over nobody goes on, and there may be nobody left to tell.
    if (this.#around.isHalting) return;
    this.#waits.renew(resident.id);
    for (const sender of senders) this.#release(sender, resident.id);
  }

  // ---------------------------------------------------------------- waiting

  #letWait(letter: Delivery, resident: Resident, isHeldAlready: boolean, ticket: number | undefined): void {
    this.#around.counters.waited += 1;
    if (ticket !== undefined) this.#tickets.set(letter, ticket);
    if (isHeldAlready || letter.from === OUTSIDE) return;
    this.#tellHome(letter.from, { kind: 'hold', sender: letter.from, receiver: resident.id });
  }

  #admit(letter: Delivery, resident: Resident): void {
    const ticket = this.#tickets.get(letter);
    if (ticket !== undefined) {
      this.#tickets.delete(letter);
      this.#answer(ticket, 'accepted');
    }
    if (!resident.mailbox.holds(letter.from)) this.#release(letter.from, resident.id);
  }

  #release(sender: AgentId, receiver: AgentId): void {
    if (sender !== OUTSIDE) this.#tellHome(sender, { kind: 'release', sender, receiver });
  }

  /** Something about an agent's messages is told to the cluster of that agent. */
  #tellHome(agent: AgentId, parcel: Extract<Parcel, { kind: 'hold' | 'release' | 'refused' }>): void {
    const home = this.#around.table.homeOf(agent);
    if (home === this.#around.cluster) this.hear(parcel);
    else this.#around.outbox.send(home, parcel);
  }

  /** Something about the messages that agents of this cluster have sent, or a question about who waits. */
  hear(parcel: Extract<Parcel, { kind: 'hold' | 'release' | 'refused' | 'probe' }>): void {
    switch (parcel.kind) {
      case 'hold':
        this.#route([this.#waits.hold(parcel.sender, parcel.receiver)]);
        return;
      case 'release': {
        const resident = this.#around.residents.of(parcel.sender);
        if (this.#waits.release(parcel.sender, parcel.receiver) && resident !== undefined) {
          this.#around.runner.consider(resident);
        }
        return;
      }
      case 'refused': {
        const { sender, receiver, topic } = parcel;
        this.#around.failures.late(sender, topic, this.#fullError(sender, topic, receiver));
        return;
      }
      default:
        this.#route([parcel.probe]);
    }
  }

  /** Sends probes on: those for agents of this cluster are answered at once. */
  #route(probes: Probe[]): void {
    for (let probe = probes.pop(); probe !== undefined; probe = probes.pop()) {
      const target = WaitGraph.target(probe);
      const home = this.#around.table.homeOf(target);
      if (home !== this.#around.cluster) {
        this.#around.outbox.send(home, { kind: 'probe', probe });
        continue;
      }
      probes.push(...(probe.kind === 'break' ? this.#breakUp(probe) : this.#waits.pursue(probe)));
    }
  }

  /**
   * Agents wait for each other in a circle: one of them, which lives here, takes what the one before has sent to it. If
   * it cannot, the next is asked; if none can, and they wait still, the run ends.
   */
  #breakUp({ circle, initiator, at }: Extract<Probe, { kind: 'break' }>): readonly Probe[] {
    const around = this.#around;
    const cycle = circle.map(({ id }) => id);
    if (at === circle.length) {
      around.failures.deadlock(cycle, around.limits.capacity);
      return [];
    }
    const receiver = cycle[at] as AgentId;
    const sender = cycle.at(at - 1) as AgentId;
    const mailbox = around.residents.of(receiver)?.mailbox;
    // Whoever has found the circle looks again: there may be another.
    const again: readonly Probe[] = [{ kind: 'again', initiator }];
    if (mailbox?.holds(sender) !== true) return again;
    const messages = mailbox.excuse(sender);
    if (messages === 0) {
      if (at + 1 < circle.length) return [{ kind: 'break', circle, initiator, at: at + 1 }];
      return [{ kind: 'lap', circle, initiator, at: 0, isLast: true }];
    }
    around.counters.excused += messages;
    around.tell({ kind: 'overflow', overflow: { time: around.now, agent: receiver, cycle, messages } });
    this.#release(sender, receiver);
    return again;
  }
}
