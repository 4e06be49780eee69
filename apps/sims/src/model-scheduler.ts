import { type Model, resolveParams, Scheduler, type SchedulerOptions } from '@troupe/core';

/** A scheduler with the agents of a model, in this thread: its runs have the digest that a `Simulation` has. */
export function schedulerOf(
  model: Model,
  given: Readonly<Record<string, unknown>>,
  options: Omit<SchedulerOptions, 'lookahead' | 'layouts' | 'agents'>,
): Scheduler {
  const params = resolveParams(model.params ?? {}, given);
  const { lookahead = 0, layouts = {}, agents } = model;
  const scheduler = new Scheduler({
    ...options,
    lookahead: typeof lookahead === 'function' ? lookahead(params) : lookahead,
    layouts,
    agents,
  });
  model.populate({
    params,
    seed: options.seed ?? 1,
    clusters: 1,
    add: (agentClass, { id, args } = {}) => scheduler.add(new agentClass(...((args ?? []) as never)), id),
  });
  return scheduler;
}
