import type { Agent, AgentClass, KernelState } from './agent.ts';
import { packKernelState } from './agent.ts';
import type { AgentTable } from './agent-table.ts';
import { SimulationError, show } from './errors.ts';
import type { AgentId } from './message.ts';
import type { Observer } from './observer.ts';
import { ALARM, type EventPool, FLAGS, NONE, RECEIVER, SENDER, SHADOW } from './queue/event-pool.ts';

/** Agents that change their cluster at a barrier: parallel lists, the same on every node. */
export interface Moves {
  readonly agents: readonly AgentId[];
  readonly clusters: ArrayLike<number>;
}

/** All that makes an agent, on its way to another cluster. Its pending messages follow as messages. */
export interface Traveller {
  readonly id: AgentId;
  /** Index among the classes of the model. */
  readonly agentClass: number;
  readonly state: unknown;
  readonly kernel: KernelState;
  /** How many messages it has sent, modulo 2^32. */
  readonly count: number;
  readonly digest: readonly [number, number];
  readonly failed: boolean;
  /** What it reported, by name. */
  readonly reports: readonly (readonly [string, unknown])[];
  /** How many messages the counters have for it. */
  readonly counted: number;
}

/**
 * Packs an agent that leaves.
 *
 * @throws {SimulationError} `ERR_TROUPE_AGENT_STATE` for what cannot be kept
 */
export function packAgent(
  index: number,
  failed: boolean,
  table: AgentTable,
  classes: readonly AgentClass[],
  observer: Observer,
  reports: ReadonlyMap<string, Map<AgentId, unknown>>,
): Traveller {
  const agent = table.agents[index] as Agent;
  const id = table.ids[index] as AgentId;
  const agentClass = classes.indexOf(agent.constructor as AgentClass);
  if (agentClass === -1) {
    throw new SimulationError(
      'ERR_TROUPE_AGENT_STATE',
      `agent ${show(id)} cannot move: its class ${agent.constructor.name} is not among those of the model; list it there`,
      { agent: id },
    );
  }
  const told: [string, unknown][] = [];
  for (const [name, values] of reports) {
    if (!values.has(id)) continue;
    told.push([name, values.get(id)]);
    values.delete(id);
  }
  return {
    id,
    agentClass,
    state: agent.snapshot(),
    kernel: packKernelState(agent),
    count: table.counts[index] as number,
    digest: [table.digests[index * 2] as number, table.digests[index * 2 + 1] as number],
    failed,
    reports: told,
    counted: observer.release(id),
  };
}

/** What becomes of a pending message when agents move. */
export interface Fate {
  /** It is pending here no longer. */
  readonly leaves: boolean;
  /** The cluster that it goes to; NONE for none. */
  readonly to: number;
  /** The cluster that needs a stand-in of it, for who set the alarm; NONE for none. */
  readonly shadow: number;
}

const STAYS: Fate = { leaves: false, to: NONE, shadow: NONE };
const VANISHES: Fate = { leaves: true, to: NONE, shadow: NONE };

/**
 * Where the message in `slot` belongs, now that `moved` live elsewhere. An alarm is pending where its receiver lives; if
 * its setter lives elsewhere, a stand-in is pending there. When one of the two moves, the stand-in goes, wherever it is,
 * and who has the alarm makes a new one if there is to be one.
 */
export function fateOf(
  slot: number,
  moved: ReadonlySet<number>,
  pool: EventPool,
  table: AgentTable,
  cluster: number,
): Fate {
  const at = slot * pool.wordStride;
  const receiver = pool.words[at + RECEIVER] as number;
  // Broadcasts and commands are pending in all clusters.
  if (receiver === NONE) return STAYS;
  const sender = pool.words[at + SENDER] as number;
  const flags = pool.halves[slot * pool.halfStride + FLAGS] as number;
  const isAlarm = (flags & ALARM) !== 0;
  if (!moved.has(receiver) && !(isAlarm && moved.has(sender))) return STAYS;
  if ((flags & SHADOW) !== 0) return VANISHES;
  const to = table.home[receiver] as number;
  const setter = table.home[sender] as number;
  return {
    leaves: to !== cluster,
    to: to === cluster ? NONE : to,
    shadow: isAlarm && setter !== to ? setter : NONE,
  };
}
