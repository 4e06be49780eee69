import { Agent, isBound } from './agent.ts';
import { refuseAsync, refuseGenerator } from './async-guard.ts';
import { kindOf, type Subscription } from './directory.ts';
import { SimulationError, show } from './errors.ts';
import { checkId } from './ids.ts';
import { OUTSIDE } from './message.ts';

const SUBSCRIPTION: ReadonlySet<string> = new Set(['sender', 'receiver', 'topic']);

/**
 * A copy of what is listened to, checked.
 *
 * @throws {SimulationError} `ERR_TROUPE_SUBSCRIPTION`, `ERR_TROUPE_AGENT_ID`
 */
export function checkSubscription(subscription: Subscription): Subscription {
  if (typeof subscription !== 'object' || subscription === null || kindOf(subscription) === 0) {
    throw new SimulationError(
      'ERR_TROUPE_SUBSCRIPTION',
      'a subscription names nothing: give at least one of sender, receiver and topic',
      { value: subscription },
    );
  }
  const unknown = Object.keys(subscription).find((name) => !SUBSCRIPTION.has(name));
  if (unknown !== undefined) {
    throw new SimulationError(
      'ERR_TROUPE_SUBSCRIPTION',
      `a subscription has no ${show(unknown)}: give sender, receiver or topic`,
      { value: subscription },
    );
  }
  const { sender, receiver, topic } = subscription;
  if (sender !== undefined && sender !== OUTSIDE) checkId(sender);
  if (receiver !== undefined) checkId(receiver);
  if (topic !== undefined && typeof topic !== 'string') {
    throw new SimulationError('ERR_TROUPE_SUBSCRIPTION', `the topic is ${show(topic)}: give a string`, {
      value: topic,
    });
  }
  return {
    ...(sender === undefined ? {} : { sender }),
    ...(receiver === undefined ? {} : { receiver }),
    ...(topic === undefined ? {} : { topic }),
  };
}

/**
 * Agents must be agents, not in a run already, and synchronous unless they are awaited.
 *
 * @throws {SimulationError} `ERR_TROUPE_AGENT_INVALID`, `ERR_TROUPE_ASYNC_HANDLER`
 */
export function checkAgent(agent: unknown, isAwaited = false): asserts agent is Agent {
  if (!(agent instanceof Agent)) {
    throw new SimulationError(
      'ERR_TROUPE_AGENT_INVALID',
      `${show(agent)} is not an agent: give an instance of a class that extends Agent`,
      {
        value: agent,
      },
    );
  }
  if (isBound(agent)) {
    throw new SimulationError(
      'ERR_TROUPE_AGENT_INVALID',
      `agent ${show(agent.id)} belongs to a run already: remove it there first, or make another`,
      { agent: agent.id },
    );
  }
  const handlers = (agent.constructor as typeof Agent).handlers ?? {};
  const suspects: [string, unknown][] = [
    ['receive', agent.receive],
    ['update', agent.update],
    ['setup', agent.setup],
    ['teardown', agent.teardown],
    ...Object.entries(handlers),
  ];
  for (const [name, handler] of suspects) {
    if (isAwaited) refuseGenerator(handler, agent, name);
    else refuseAsync(handler, agent, name);
  }
}
