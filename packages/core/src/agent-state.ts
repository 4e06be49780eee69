import { TransportError } from '@troupe/transport';
import { Agent, type AgentClass } from './agent.ts';
import { SimulationError, show } from './errors.ts';
import type { AgentId } from './message.ts';

/** A `#private` name in the source of a class, or what compilers make of one for older engines. */
const PRIVATE =
  /(?:^|[^\w$'"`#])#[A-Za-z_$][\w$]*|\b__private(?:Add|Get|Set|Method)\b|\b_class(?:Private|_private)/m;

/**
 * Refuses classes whose agents cannot move: they have `#private` members, which nobody else can see, and do not say
 * themselves how to keep them.
 *
 * @throws {SimulationError} `ERR_TROUPE_AGENT_STATE`
 */
export function checkMovable(agentClass: AgentClass): void {
  const keeps = agentClass.prototype.snapshot !== Agent.prototype.snapshot;
  const restores = (agentClass as unknown as typeof Agent).restore !== Agent.restore;
  if (keeps && restores) return;
  for (let known: unknown = agentClass; known !== Agent; known = Object.getPrototypeOf(known)) {
    if (!PRIVATE.test(Function.prototype.toString.call(known))) continue;
    throw new SimulationError(
      'ERR_TROUPE_AGENT_STATE',
      `agents of ${agentClass.name} cannot move: ${(known as AgentClass).name} has #private members; override snapshot() and static restore(), or use fields without #`,
      { value: agentClass.name },
    );
  }
}

/** An error about a state does not know whose it is. */
export function blameState(id: AgentId, error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  return new SimulationError(
    'ERR_TROUPE_AGENT_STATE',
    `what makes up agent ${show(id)} cannot be sent: ${error.message}; leave it out of its snapshot()`,
    { agent: id, cause: error },
  );
}

/** @throws {SimulationError} `ERR_TROUPE_AGENT_STATE` when the class does not make an agent of its own of the state */
export function restoreAgent(agentClass: AgentClass, state: unknown): Agent {
  const agent: unknown = (agentClass as unknown as typeof Agent).restore(state);
  if (agent instanceof agentClass) return agent;
  throw new SimulationError(
    'ERR_TROUPE_AGENT_STATE',
    `${agentClass.name}.restore answered ${show(agent)}: it must answer an agent of that class`,
    { value: agent },
  );
}
