import { PULSE_AGENT, PULSE_EVENTS, PULSE_STATE, STATE_RUNNING } from '../pulse.ts';

/** A node that has been in one call for too long. */
export interface Stall {
  readonly node: number;
  /** Index of the agent that it called. */
  readonly agent: number;
  /** For how many milliseconds. */
  readonly since: number;
}

/** Looks at the pulses of nodes for one whose thread is stuck in a handler. Clock and pulses are handed in. */
export class Watchdog {
  readonly #limit: number;
  readonly #seen: { calls: number; agent: number; since: number }[] = [];

  /** @param limit milliseconds that a call may take before it returns */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The first node found to be stuck, at `now` milliseconds of any clock. */
  look(pulses: readonly Float64Array[], now: number): Stall | undefined {
    for (const [node, pulse] of pulses.entries()) {
      const calls = pulse[PULSE_EVENTS] as number;
      const agent = pulse[PULSE_AGENT] as number;
      const seen = this.#seen[node];
      const goesOn = seen?.calls !== calls || seen.agent !== agent;
      if (seen === undefined || goesOn || pulse[PULSE_STATE] !== STATE_RUNNING) {
        this.#seen[node] = { calls, agent, since: now };
      } else if (now - seen.since >= this.#limit) {
        return { node, agent, since: now - seen.since };
      }
    }
    return undefined;
  }
}
