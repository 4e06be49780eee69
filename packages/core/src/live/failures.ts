import { SimulationError, show } from '../errors.ts';
import type { AgentId } from '../message.ts';
import type { FailureAction, LiveCommand, Notice } from './parcels.ts';
import type { Call, Resident } from './resident.ts';
import type { Residents } from './residents.ts';
import { type SupervisionLimits, Supervisor } from './supervisor.ts';

/** What must be known to decide about failures, and who does what was decided. */
export interface FailureSurroundings {
  /** Seconds since the start. */
  readonly now: number;
  readonly seed: number;
  /** Whether the run is coming to its end anyway. */
  readonly isHalting: boolean;
  readonly counters: { failures: number; restarts: number };
  readonly residents: Pick<Residents, 'of' | 'restart'>;
  /** Tells all clusters, this one included. */
  command(from: AgentId, command: LiveCommand): void;
  /** The run cannot go on. */
  end(error: SimulationError): void;
  tell(notice: Notice): void;
}

/** What is done about agents that fail, as supervision says, and about runs that cannot go on. */
export class Failures {
  readonly #around: FailureSurroundings;
  readonly #limits: SupervisionLimits;
  readonly #supervisor: Supervisor;

  constructor(surroundings: FailureSurroundings, limits: SupervisionLimits) {
    this.#around = surroundings;
    this.#limits = limits;
    this.#supervisor = new Supervisor(limits);
  }

  /** An agent failed in `call`, or could not be made. */
  of(resident: Resident, call: Pick<Call, 'kind' | 'topic'> | undefined, cause: unknown): void {
    const error = this.#explain(resident.id, call?.topic, cause);
    this.#around.counters.failures += 1;
    this.#around.tell({ kind: 'failure', error, action: this.#act(resident, call, error) });
  }

  /** Something that an agent, here or elsewhere, did before turns out to be an error. */
  late(agent: AgentId, topic: string | undefined, cause: unknown): void {
    const resident = this.#around.residents.of(agent);
    if (resident !== undefined) {
      this.of(resident, { kind: 'receive', topic }, cause);
      return;
    }
    const error = this.#explain(agent, topic, cause);
    this.#around.counters.failures += 1;
    const stops = this.#limits.onError === 'stop' && !this.#around.isHalting;
    this.#around.tell({ kind: 'failure', error, action: stops ? this.#end(error) : 'none' });
  }

  /** Agents wait for each other's mailboxes in a circle, and none of them can take more beyond its capacity. */
  deadlock(cycle: readonly AgentId[], capacity: number): void {
    if (this.#around.isHalting) return;
    const circle = [...cycle, cycle[0]].map(show).join(' -> ');
    this.#end(
      new SimulationError(
        'ERR_TROUPE_MAILBOX_DEADLOCK',
        `agents wait for each other, each for room in the mailbox of the next: ${circle}, and each holds twice its capacity (${capacity}) or is about to; send less, raise the capacity, or choose another whenFull`,
        { agent: cycle[0] as AgentId, time: this.#around.now, value: circle },
      ),
    );
  }

  /** The agent is gone: one that comes under its id has a clean record. */
  forget(agent: AgentId): void {
    this.#supervisor.forget(agent);
  }

  #act(resident: Resident, call: Pick<Call, 'kind'> | undefined, error: SimulationError): FailureAction {
    const around = this.#around;
    if (around.isHalting) return 'none';
    // What goes wrong at the beginning is a fault of the model: there is no run yet that could go on.
    if (this.#limits.onError === 'stop' || resident.isAwaited) return this.#end(error);
    if (resident.phase === 'leaving') return 'remove';
    // It is being restarted already.
    if (call?.kind === 'teardown') return 'restart';
    switch (this.#supervisor.decide(resident.id, around.now)) {
      case 'restart':
        around.counters.restarts += 1;
        around.residents.restart(resident);
        return 'restart';
      case 'remove':
        around.command(resident.id, { kind: 'remove', id: resident.id });
        return 'remove';
      default:
        return this.#end(this.#tooOften(resident.id, error));
    }
  }

  #end(error: SimulationError): 'stop' {
    this.#around.end(error);
    return 'stop';
  }

  #tooOften(agent: AgentId, error: SimulationError): SimulationError {
    const { maxRestarts, within } = this.#limits;
    return new SimulationError(
      'ERR_TROUPE_RESTART_INTENSITY',
      `agent ${show(agent)} failed again after ${maxRestarts} restarts within ${within} s, the most that supervision allows: ${error.message}; mend the agent, raise maxRestarts, or lower within`,
      { agent, time: this.#around.now, value: maxRestarts, cause: error },
    );
  }

  #explain(agent: AgentId, topic: string | undefined, cause: unknown): SimulationError {
    if (cause instanceof SimulationError && cause.code === 'ERR_TROUPE_HANDLER_TIMEOUT') return cause;
    const { now, seed } = this.#around;
    const what = cause instanceof Error ? cause.message : String(cause);
    const on = topic === undefined ? '' : ` on topic ${show(topic)}`;
    return new SimulationError(
      'ERR_TROUPE_AGENT_FAILED',
      `agent ${show(agent)} failed${on} at ${now.toFixed(3)} s (seed ${seed}): ${what}`,
      { agent, ...(topic === undefined ? {} : { topic }), time: now, seed, cause },
    );
  }
}
