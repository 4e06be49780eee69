import type { AgentId } from '../message.ts';

/** What happens to an agent that throws or rejects: the run ends, or it is made anew, or taken out. */
export type LiveErrorPolicy = 'stop' | 'restart' | 'remove';

export const LIVE_ERROR_POLICIES: readonly LiveErrorPolicy[] = ['stop', 'restart', 'remove'];

export interface SupervisionLimits {
  readonly onError: LiveErrorPolicy;
  /** Most restarts of one agent within the period. */
  readonly maxRestarts: number;
  /** The period in seconds. */
  readonly within: number;
}

/** What is to be done about an agent that failed. `giveUp`: it would be one restart too many; the run ends. */
export type Measure = LiveErrorPolicy | 'giveUp';

/**
 * Decides about agents that fail. The limit on restarts is that of Erlang's supervisors (`intensity` and `period` of
 * OTP's `supervisor`), but each agent has its own: more than `maxRestarts` within any `within` seconds, and the cause is
 * one that a restart does not mend.
 */
export class Supervisor {
  readonly #limits: SupervisionLimits;
  /** When each agent was restarted, in seconds, oldest first; only what the period still covers. */
  readonly #restarts = new Map<AgentId, number[]>();

  constructor(limits: SupervisionLimits) {
    this.#limits = limits;
  }

  /** `agent` has failed, at `now` seconds of any clock that does not go back. */
  decide(agent: AgentId, now: number): Measure {
    const { onError, maxRestarts, within } = this.#limits;
    if (onError !== 'restart') return onError;
    const recent = (this.#restarts.get(agent) ?? []).filter((time) => now - time <= within);
    if (recent.length >= maxRestarts) return 'giveUp';
    recent.push(now);
    this.#restarts.set(agent, recent);
    return 'restart';
  }

  /** The agent is gone: one that comes under its id has a clean record. */
  forget(agent: AgentId): void {
    this.#restarts.delete(agent);
  }
}
