import { SimulationError, show } from './errors.ts';
import type { AgentId } from './message.ts';

/** The latest time: beyond it floats are more than one second apart, and a second later would be the same time. */
export const MAX_TIME: number = 2 ** 53;

/**
 * When a message is due that is sent at `now` with a delay above 0. The only place where a delay is added to a time:
 * (now + a) + b and now + (a + b) differ in the last bit.
 */
export function dueTime(now: number, delay: number, agent: AgentId, topic: string): number {
  const due = now + delay;
  if (delay > 0 && due > now && due <= MAX_TIME) return due;
  throw refusal(now, delay, agent, topic);
}

function refusal(now: number, delay: number, agent: AgentId, topic: string): SimulationError {
  if (!(delay > 0 && delay < Number.POSITIVE_INFINITY)) {
    return new SimulationError(
      'ERR_TROUPE_TIME',
      `agent ${show(agent)} sends ${show(topic)} with a delay of ${show(delay)}: give a finite number of seconds, 0 or more`,
      { agent, topic, time: now, value: delay },
    );
  }
  return new SimulationError(
    'ERR_TROUPE_PRECISION',
    `agent ${show(agent)} sends ${show(topic)} at time ${now} with a delay of ${delay}: the sum cannot be told from ${
      now + delay > now ? 'its neighbours beyond 2^53' : 'the time itself'
    }; use larger units of time or a longer delay`,
    { agent, topic, time: now, value: delay },
  );
}
