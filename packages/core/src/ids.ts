import { SimulationError, show } from './errors.ts';
import type { AgentId } from './message.ts';

/** The total order of ids: integers by value, then strings by code unit. Independent of locale and of arrival. */
export function compareIds(a: AgentId, b: AgentId): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Values under ids as text, in order of id; where an integer and a text read alike, the text is quoted. */
export function keyedById<T>(entries: readonly (readonly [AgentId, T])[]): Record<string, T> {
  const values: Record<string, T> = {};
  for (const [id, value] of [...entries].sort(([a], [b]) => compareIds(a, b))) {
    const key = String(id);
    values[typeof id === 'string' && Object.hasOwn(values, key) ? JSON.stringify(id) : key] = value;
  }
  return values;
}

/** @throws {SimulationError} `ERR_TROUPE_AGENT_ID` for what cannot name an agent */
export function checkId(id: unknown): asserts id is AgentId {
  if (typeof id === 'number' ? Number.isSafeInteger(id) && !Object.is(id, -0) : typeof id === 'string') {
    if (typeof id === 'string' && (id.startsWith('@') || !id.isWellFormed())) {
      throw new SimulationError(
        'ERR_TROUPE_AGENT_ID',
        `${show(id)} cannot name an agent: ids that begin with @ are reserved, and text must be well-formed`,
        { value: id },
      );
    }
    return;
  }
  throw new SimulationError(
    'ERR_TROUPE_AGENT_ID',
    `${show(id)} cannot name an agent: give a string or an integer`,
    {
      value: id,
    },
  );
}
