import { Agent, bindAgent, givenId, type Host, isBound, succeedAgent, unbindAgent } from '../agent.ts';
import type { AgentTable } from '../agent-table.ts';
import { checkAgent } from '../checks.ts';
import type { Directory } from '../directory.ts';
import { SimulationError, show } from '../errors.ts';
import { checkId } from '../ids.ts';
import type { AgentId, Delivery } from '../message.ts';
import { Random } from '../random.ts';
import type { AlarmClock } from './alarm-clock.ts';
import type { Failures } from './failures.ts';
import { Mailbox, type MailboxLimits } from './mailbox.ts';
import type { Mailroom } from './mailroom.ts';
import { type Origin, Resident } from './resident.ts';
import type { Runner } from './runner.ts';

/** What those who live in a cluster depend on, and whom they tell. */
export interface Premises {
  readonly table: AgentTable;
  readonly directory: Directory;
  readonly clock: AlarmClock;
  /** The host that agents are connected to. */
  readonly host: Host;
  readonly limits: MailboxLimits;
  readonly seed: number;
  readonly mailroom: Pick<Mailroom, 'empty'>;
  readonly runner: Pick<Runner, 'consider'>;
  readonly failures: Pick<Failures, 'of'>;
}

/** The agents of a cluster: how they come, are made anew, and go. */
export class Residents {
  readonly #premises: Premises;
  readonly #byIndex = new Map<number, Resident>();

  constructor(premises: Premises) {
    this.#premises = premises;
  }

  /** How many there are, those that could not be made and those that are leaving included. */
  get size(): number {
    return this.#byIndex.size;
  }

  all(): IterableIterator<Resident> {
    return this.#byIndex.values();
  }

  at(index: number): Resident | undefined {
    return this.#byIndex.get(index);
  }

  /** The resident of this id; undefined where there is none. */
  of(id: AgentId): Resident | undefined {
    return this.#byIndex.get(this.#premises.table.find(id));
  }

  /** Makes an agent of the beginning. What its constructor throws passes through. */
  populate(id: AgentId, origin: Origin): Resident {
    const resident = this.#settle(id, origin);
    this.remake(resident);
    return resident;
  }

  /**
   * Adds an agent while the run goes on; one that is to come under the id of one that is leaving comes when that is gone.
   *
   * @throws {SimulationError} `ERR_TROUPE_AGENT_DUPLICATE`
   */
  add(id: AgentId, origin: Origin): void {
    const present = this.of(id);
    if (present === undefined) {
      this.#moveIn(this.#settle(id, origin));
    } else if (present.phase === 'leaving' && present.successor === undefined) {
      present.successor = origin;
    } else {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_DUPLICATE',
        `there is an agent ${show(id)} already: ids are unique`,
        { agent: id },
      );
    }
  }

  /** What is before it, and what comes from now on, reaches nobody, unless another is to come under its id. */
  leave(resident: Resident): void {
    const { clock, mailroom, runner } = this.#premises;
    resident.phase = 'leaving';
    resident.successor = undefined;
    mailroom.empty(resident);
    clock.cancelMatching(resident.id, { to: resident.id });
    runner.consider(resident);
  }

  /** It has left. */
  remove(resident: Resident): void {
    const { id, index, successor } = resident;
    resident.phase = 'gone';
    this.#letGo(resident);
    this.#byIndex.delete(index);
    // Its last handler may have subscribed.
    this.#premises.directory.unsubscribeAll(index);
    if (successor !== undefined) this.#moveIn(this.#settle(id, successor, resident.mailbox));
  }

  /** Makes the agent, in place of the one that there was. */
  remake(resident: Resident): void {
    const { table, host } = this.#premises;
    const { id, index, origin, agent: before } = resident;
    this.#letGo(resident);
    const agent = new origin.agentClass(...origin.args);
    checkAgent(agent, true);
    const given = givenId(agent);
    if (given !== undefined && given !== id) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_ID',
        `${origin.agentClass.name} was added as ${show(id)} but its constructor chose ${show(given)}: let one of the two name it`,
        { agent: id },
      );
    }
    resident.agent = agent;
    resident.isBatched = agent.update !== Agent.prototype.update;
    table.agents[index] = agent;
    table.living += 1;
    bindAgent(agent, host, index, id);
    if (before !== undefined) succeedAgent(agent, before);
  }

  /** The agent's stream of random numbers; it goes on when the agent is made anew. */
  randomOf(index: number): Random {
    const resident = this.#byIndex.get(index) as Resident;
    resident.random ??= Random.of(this.#premises.seed, resident.id);
    return resident.random;
  }

  /** Has the agent torn down and made anew. What it has set for itself is called off: it does not know of it. */
  restart(resident: Resident): void {
    const { clock, runner } = this.#premises;
    resident.phase = 'broken';
    clock.cancelMatching(resident.id, { to: resident.id });
    runner.consider(resident);
  }

  /** Lets go of all, whatever they still do. */
  abandon(): void {
    for (const resident of this.#byIndex.values()) this.#letGo(resident);
    this.#byIndex.clear();
  }

  /** Marks the indexes of the agent table that are needed though no agent may have them now. */
  mark(inUse: Uint8Array): void {
    for (const index of this.#byIndex.keys()) inUse[index] = 1;
  }

  #settle(id: AgentId, origin: Origin, mailbox?: Mailbox<Delivery>): Resident {
    checkId(id);
    const index = this.#premises.table.indexOf(id);
    const box = mailbox ?? new Mailbox<Delivery>(id, this.#premises.limits);
    const resident = new Resident(id, index, origin, box);
    this.#byIndex.set(index, resident);
    return resident;
  }

  #moveIn(resident: Resident): void {
    try {
      this.remake(resident);
    } catch (error) {
      this.#premises.failures.of(resident, undefined, error);
    }
    this.#premises.runner.consider(resident);
  }

  #letGo(resident: Resident): void {
    const { table } = this.#premises;
    const { agent, index } = resident;
    if (agent === undefined) return;
    if (isBound(agent)) unbindAgent(agent);
    resident.agent = undefined;
    table.agents[index] = undefined;
    table.living -= 1;
  }
}
