import { types } from 'node:util';
import type { Layout } from '@troupe/transport';
import { Agent, type AgentClass } from './agent.ts';
import { SimulationError, show } from './errors.ts';
import { hashId } from './hash.ts';
import type { AgentId } from './message.ts';
import type { ParamSpecs, Params } from './params.ts';
import type { Report } from './report.ts';
import { MAX_TIME } from './time.ts';

/** What a model is populated with. */
export interface World<S extends ParamSpecs = ParamSpecs> {
  readonly params: Params<S>;
  readonly seed: number;
  readonly clusters: number;
  /**
   * An agent, `new agentClass(...args)`. Every node runs all of `populate`, but an agent is made only where its id is
   * placed, so `args` may be large or shared. Answers the id, generated where none is given.
   */
  add<Args extends unknown[]>(
    agentClass: AgentClass<Args>,
    options?: { readonly id?: AgentId; readonly args?: NoInfer<Args> },
  ): AgentId;
}

/** A model: the default export of a module, which every node loads for itself. See {@link defineModel}. */
export interface Model<S extends ParamSpecs = ParamSpecs> {
  readonly name: string;
  /** One line for people. */
  readonly help?: string;
  /** Parameters, with defaults and ranges. */
  readonly params?: S;
  /** The classes of its agents. Those that agents add while the model runs must be among them. */
  readonly agents: readonly AgentClass[];
  /** Layouts of bodies, by topic. */
  readonly layouts?: Readonly<Record<string, Layout>>;
  /**
   * The least delay, in simulated seconds, of any message between agents that may be placed on different clusters. The
   * larger it is, the less often clusters wait for each other. Default 0.
   */
  readonly lookahead?: number | ((params: Params<S>) => number);
  /**
   * The cluster, 0 to clusters-1, of an agent: a function of its id alone. Default: integer ids in turn, texts by a
   * hash.
   */
  readonly place?: (id: AgentId, clusters: number, params: Params<S>) => number;
  /** Adds the agents of the beginning: the same in every node. */
  populate(world: World<S>): void;
  /**
   * Sums up what agents reported, for those who show a run: the command line of the sims calls it when a run has come to
   * its own end. A `Simulation` reports what agents did.
   */
  readonly summarize?: (report: Report, params: Params<S>) => Readonly<Record<string, unknown>>;
}

/**
 * Checks and freezes a model.
 *
 * ```ts
 * export default defineModel({
 *   name: 'rally',
 *   params: { hits: { type: 'integer', default: 10, min: 1, help: 'hits until the end' } },
 *   agents: [Player],
 *   populate: ({ add, params }) => {
 *     add(Player, { id: 'anna', args: ['ben', params.hits] });
 *     add(Player, { id: 'ben', args: ['anna', params.hits] });
 *   },
 * });
 * ```
 *
 * @throws {SimulationError} `ERR_TROUPE_MODEL_INVALID`
 */
export function defineModel<const S extends ParamSpecs = Record<never, never>>(model: Model<S>): Model<S> {
  checkModel(model, 'the model');
  return Object.freeze({ ...model });
}

/** What is wrong with a populate that takes its time. */
export const ASYNC_POPULATE =
  'has an asynchronous populate: agents that it adds later would be lost; load what it needs with await at the top of the module';

/** @throws {SimulationError} `ERR_TROUPE_MODEL_INVALID`, saying what `where` lacks */
export function checkModel(model: unknown, where: string): asserts model is Model {
  const refuse = (what: string): never => {
    throw new SimulationError('ERR_TROUPE_MODEL_INVALID', `${where} ${what}`, { value: model });
  };
  if (typeof model !== 'object' || model === null)
    refuse(`is ${show(model)}: export default defineModel({ ... })`);
  const candidate = model as Partial<Model>;
  if (typeof candidate.name !== 'string' || candidate.name === '') refuse('has no name: give a text');
  if (typeof candidate.populate !== 'function')
    refuse('has no populate: give a function that adds its agents');
  if (types.isAsyncFunction(candidate.populate)) refuse(ASYNC_POPULATE);
  if (!Array.isArray(candidate.agents) || candidate.agents.length === 0) {
    refuse('lists no agents: give its classes of agents');
  }
  for (const agentClass of candidate.agents as readonly unknown[]) {
    if (typeof agentClass !== 'function' || !(agentClass.prototype instanceof Agent)) {
      refuse(`lists ${show(agentClass)} among its agents: classes must extend Agent`);
    }
  }
}

/** The lookahead that a model promises for these parameters. */
export function lookaheadOf(model: Model, params: Params): number {
  const lookahead = typeof model.lookahead === 'function' ? model.lookahead(params) : (model.lookahead ?? 0);
  if (!(lookahead >= 0 && lookahead <= MAX_TIME)) {
    throw new SimulationError(
      'ERR_TROUPE_MODEL_INVALID',
      `model ${model.name} promises a lookahead of ${show(lookahead)}: give a finite number of seconds, 0 or more`,
      { value: lookahead },
    );
  }
  return lookahead;
}

/** Where a model puts its agents. */
export function placementOf(model: Model, clusters: number, params: Params): (id: AgentId) => number {
  const { place } = model;
  if (place === undefined) return clusters === 1 ? () => 0 : (id) => defaultPlace(id, clusters);
  return (id) => {
    const cluster = place(id, clusters, params);
    if (Number.isInteger(cluster) && cluster >= 0 && cluster < clusters) return cluster;
    throw new SimulationError(
      'ERR_TROUPE_PLACEMENT',
      `model ${model.name} places agent ${show(id)} on cluster ${show(cluster)}: give 0 to ${clusters - 1}`,
      { agent: id, value: cluster },
    );
  };
}

/** Where an agent is placed whose model does not say: integers in turn, texts by a hash. */
export function defaultPlace(id: AgentId, clusters: number): number {
  if (typeof id === 'number') return ((id % clusters) + clusters) % clusters;
  return hashId(id) % clusters;
}
