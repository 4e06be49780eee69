import { types } from 'node:util';
import type { AgentClass } from '../agent.ts';
import { SimulationError, show } from '../errors.ts';
import type { AgentId } from '../message.ts';
import { ASYNC_POPULATE, checkModel, type Model, type World } from '../model.ts';
import type { resolveParams } from '../params.ts';
import { strictGuards } from '../strict-guards.ts';
import type { NodeData } from './protocol.ts';

/**
 * The model behind a module's address.
 *
 * @throws {SimulationError} `ERR_TROUPE_MODEL_LOAD`, `ERR_TROUPE_MODEL_INVALID`
 */
export async function loadModel(model: string | Model): Promise<Model> {
  if (typeof model !== 'string') {
    checkModel(model, 'the model');
    return model;
  }
  let module: { default?: unknown };
  try {
    module = (await import(model)) as { default?: unknown };
  } catch (cause) {
    throw new SimulationError(
      'ERR_TROUPE_MODEL_LOAD',
      `the model ${model} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, value: model },
    );
  }
  checkModel(module.default, `the default export of ${model}`);
  return module.default;
}

/**
 * Adds the agents of the beginning: `settle` is called for each, wherever it is placed.
 *
 * @throws {SimulationError} `ERR_TROUPE_MODEL_INVALID`, `ERR_TROUPE_AGENT_DUPLICATE`
 */
export function populate(
  model: Model,
  params: ReturnType<typeof resolveParams>,
  { seed, strict }: Pick<NodeData, 'seed' | 'strict'>,
  clusters: number,
  settle: (agentClass: AgentClass, id: AgentId, args: readonly unknown[]) => void,
): void {
  let agents = 0;
  const seen = new Set<AgentId>();
  let generated = 0;
  // The same on every node, whichever agents are made there.
  const generate = (): AgentId => {
    do generated += 1;
    while (seen.has(`agent-${generated}`));
    return `agent-${generated}`;
  };
  const world: World = {
    params,
    seed,
    clusters,
    add(agentClass, options = {}) {
      const { args = [] } = options;
      const id = options.id ?? generate();
      if (!model.agents.includes(agentClass as AgentClass)) {
        throw new SimulationError(
          'ERR_TROUPE_MODEL_INVALID',
          `model ${model.name} adds ${show(agentClass)}, which is not among its agents: list the class there, and give add() the class`,
          { agent: id },
        );
      }
      if (seen.has(id)) {
        throw new SimulationError(
          'ERR_TROUPE_AGENT_DUPLICATE',
          `model ${model.name} adds two agents ${JSON.stringify(id)}: ids are unique`,
          { agent: id },
        );
      }
      seen.add(id);
      agents += 1;
      settle(agentClass as AgentClass, id, args as readonly unknown[]);
      return id;
    },
  };
  const fill = (): unknown => model.populate(world);
  let answer: unknown;
  try {
    answer = strict
      ? strictGuards.run(undefined, `populate of model ${model.name}`, undefined, fill)
      : fill();
  } catch (cause) {
    if (cause instanceof SimulationError) throw cause;
    throw new SimulationError(
      'ERR_TROUPE_MODEL_INVALID',
      `model ${model.name} cannot be populated: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  if (types.isPromise(answer)) {
    throw new SimulationError('ERR_TROUPE_MODEL_INVALID', `model ${model.name} ${ASYNC_POPULATE}`);
  }
  if (agents === 0) {
    throw new SimulationError(
      'ERR_TROUPE_MODEL_INVALID',
      `model ${model.name} has no agents: populate() added none`,
    );
  }
}
