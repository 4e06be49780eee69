import { isThenable } from '../async-guard.ts';
import { SimulationError, show } from '../errors.ts';
import type { Message } from '../message.ts';
import type { Failures } from './failures.ts';
import type { Mailroom } from './mailroom.ts';
import type { Call, Resident } from './resident.ts';
import type { Residents } from './residents.ts';

/** What a runner must know, and whom it tells. */
export interface Household {
  /** Seconds since the start. */
  readonly now: number;
  /** Whether agents are called at all; whether those that are set up are given messages. */
  readonly isAwake: boolean;
  readonly isOpen: boolean;
  readonly mailroom: Pick<Mailroom, 'isHeld' | 'next' | 'nextAll'>;
  readonly residents: Pick<Residents, 'remake'>;
  /** Says what comes next for an agent that failed, by its phase. */
  readonly failures: Pick<Failures, 'of'>;
  /** The agent has been set up; it is gone. */
  onSetUp(resident: Resident): void;
  onGone(resident: Resident): void;
  /** About to call an agent. */
  onCall(resident: Resident): void;
  /** A call has settled after it returned: there may be more to do. */
  onSettled(): void;
}

/**
 * Calls the agents of a cluster, each at most once at a time: who answers a promise is called again when that has
 * settled. Agents that have something to do stand in line, and are called in turn.
 */
export class Runner {
  /** Calls that have not settled. */
  running = 0;
  /** Calls begun. */
  calls = 0;

  readonly #household: Household;
  /** Longest time in seconds that a call may take; infinity for no limit. */
  readonly #timeout: number;
  #line: Resident[] = [];
  #first = 0;
  /** Calls that have answered a promise, in the order in which they began. */
  readonly #pending = new Map<Call, Resident>();

  constructor(household: Household, timeout: number) {
    this.#household = household;
    this.#timeout = timeout;
  }

  /** Whether anyone stands in line. */
  get hasMore(): boolean {
    return this.#first < this.#line.length;
  }

  /** When the oldest call that is pending has taken too long, in seconds; infinity where there is none. */
  get nextExpiry(): number {
    for (const call of this.#pending.keys()) return call.since + this.#timeout;
    return Number.POSITIVE_INFINITY;
  }

  /** The agents whose calls have not settled. */
  get unsettled(): Resident[] {
    return [...this.#pending.values()];
  }

  /** Puts an agent in line, if there is anything that it can do now. */
  consider(resident: Resident): void {
    if (resident.isQueued || !this.#canGo(resident)) return;
    resident.isQueued = true;
    this.#line.push(resident);
  }

  #canGo(resident: Resident): boolean {
    const household = this.#household;
    if (resident.call !== undefined || !household.isAwake) return false;
    if (resident.phase !== 'up') return resident.phase !== 'gone';
    return household.isOpen && resident.mailbox.size > 0 && !household.mailroom.isHeld(resident);
  }

  /** Calls those in line, up to `limit` of them or until `enough`. */
  run(limit: number, enough: () => boolean): void {
    for (let count = 0; count < limit && this.hasMore; count += 1) {
      const resident = this.#line[this.#first] as Resident;
      this.#first += 1;
      resident.isQueued = false;
      // What stood in line for something may be held by now, or gone.
      if (this.#canGo(resident)) {
        this.#step(resident);
        this.consider(resident);
      }
      // The clock is not for free.
      if (count % 16 === 15 && enough()) break;
    }
    if (!this.hasMore) {
      this.#line.length = 0;
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#line = this.#line.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Ends the calls that have taken too long, as if they had thrown. */
  expire(): void {
    while (this.nextExpiry <= this.#household.now) {
      const [call, resident] = this.#pending.entries().next().value as [Call, Resident];
      const during = call.topic === undefined ? call.kind : `the handler of topic ${show(call.topic)}`;
      const error = new SimulationError(
        'ERR_TROUPE_HANDLER_TIMEOUT',
        `agent ${show(resident.id)}: the promise of ${during} has not settled for ${this.#timeout * 1000} ms; mend it, or raise handlerTimeout (0: no limit)`,
        {
          agent: resident.id,
          ...(call.topic === undefined ? {} : { topic: call.topic }),
          value: this.#timeout * 1000,
        },
      );
      this.#settle(resident, call, { error });
    }
  }

  #step(resident: Resident): void {
    const { agent, phase } = resident;
    if (phase === 'new' && agent !== undefined) {
      resident.hasBegun = true;
      this.#call(resident, 'setup', undefined, () => agent.setup());
    } else if (agent === undefined || !resident.hasBegun) {
      // It could not be made, or was not set up: there is nobody to tear down.
      if (phase === 'leaving') this.#household.onGone(resident);
      else this.#remake(resident);
    } else if (phase !== 'up') {
      this.#call(resident, 'teardown', undefined, () => agent.teardown());
    } else if (resident.isBatched) {
      const inbox = this.#household.mailroom.nextAll(resident);
      this.#call(resident, 'update', inbox[0]?.topic, () => agent.update(inbox));
    } else {
      const message = this.#household.mailroom.next(resident) as Message;
      this.#call(resident, 'receive', message.topic, () => agent.receive(message));
    }
  }

  #call(resident: Resident, kind: Call['kind'], topic: string | undefined, invoke: () => unknown): void {
    const call: Call = { kind, topic, since: this.#household.now };
    resident.call = call;
    this.running += 1;
    this.calls += 1;
    this.#household.onCall(resident);
    try {
      const answer = invoke();
      if (isThenable(answer)) {
        this.#pending.set(call, resident);
        answer.then(
          () => this.#settleLate(resident, call),
          (error: unknown) => this.#settleLate(resident, call, { error }),
        );
        return;
      }
      this.#settle(resident, call);
    } catch (error) {
      this.#settle(resident, call, { error });
    }
  }

  #settleLate(resident: Resident, call: Call, thrown?: { readonly error: unknown }): void {
    if (resident.call !== call) return;
    this.#settle(resident, call, thrown);
    this.#household.onSettled();
  }

  /** A call has ended; one that has expired ends once. */
  #settle(resident: Resident, call: Call, thrown?: { readonly error: unknown }): void {
    resident.call = undefined;
    this.running -= 1;
    this.#pending.delete(call);
    if (thrown !== undefined) this.#household.failures.of(resident, call, thrown.error);
    if (call.kind === 'teardown') this.#afterTeardown(resident);
    else if (call.kind === 'setup' && thrown === undefined) this.#afterSetup(resident);
    this.consider(resident);
  }

  #afterSetup(resident: Resident): void {
    // It may have been removed meanwhile.
    if (resident.phase === 'new') resident.phase = 'up';
    this.#household.onSetUp(resident);
  }

  #afterTeardown(resident: Resident): void {
    if (resident.phase === 'leaving') this.#household.onGone(resident);
    else if (resident.phase === 'broken') this.#remake(resident);
  }

  #remake(resident: Resident): void {
    try {
      this.#household.residents.remake(resident);
      resident.phase = 'new';
      resident.hasBegun = false;
    } catch (error) {
      resident.agent = undefined;
      this.#household.failures.of(resident, undefined, error);
    }
  }
}
