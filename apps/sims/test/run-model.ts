import { type Model, type ParamSpecs, type Report, resolveParams } from '@troupe/core';
import { schedulerOf } from '../src/model-scheduler.ts';

/** A run of a model in this thread, and what it is summed up to. */
export function runModel<S extends ParamSpecs>(
  model: Model<S>,
  given: Readonly<Record<string, unknown>>,
  seed = 1,
): { readonly report: Report; readonly results: Readonly<Record<string, unknown>> } {
  const report = schedulerOf(model as unknown as Model, given, { seed, digest: true }).run();
  const params = resolveParams(model.params as S, given);
  return { report, results: model.summarize?.(report, params) ?? {} };
}
