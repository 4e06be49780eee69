import type { Transport } from '@troupe/transport';
import { SimulationError, show } from './errors.ts';
import type { Model } from './model.ts';
import { checkWhole } from './scheduler.ts';

/** @throws {SimulationError} `ERR_TROUPE_OPTION` */
export function checkClusters(clusters: unknown): number {
  return checkWhole('clusters', clusters, 1, 1024);
}

/**
 * A transport must be one, and a model must be what its nodes can load.
 *
 * @throws {SimulationError} `ERR_TROUPE_OPTION`
 */
// biome-ignore lint/suspicious/noExplicitAny: a model of whatever parameters
export function checkTransport(transport: Transport, model: URL | Model<any>): void {
  if (typeof transport?.launch !== 'function') {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      'transport is no transport: give one, such as threads() with its ()',
      { value: transport },
    );
  }
  if (typeof model === 'string') {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `the model is ${show(model)}: give the URL of its module, new URL('./model.js', import.meta.url)`,
      { value: model },
    );
  }
  if (!(model instanceof URL) && transport.name !== 'in-process') {
    throw new SimulationError(
      'ERR_TROUPE_OPTION',
      `the model was given as a value, but nodes over ${transport.name} load it themselves: give the URL of its module`,
    );
  }
}
