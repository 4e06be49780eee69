import { types } from 'node:util';
import { SimulationError } from './errors.ts';

/**
 * Handlers answer nothing; a promise would mean that they go on when the round is over.
 *
 * @param owner what the handler belongs to
 * @param name its name
 * @throws {SimulationError} `ERR_TROUPE_ASYNC_HANDLER`
 */
export function refusePromise(answer: unknown, owner: object, name: string): void {
  if (isThenable(answer)) throw asyncHandler(owner, name);
}

/** Whether something can be awaited. */
export function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' && answer !== null && typeof (answer as { then?: unknown }).then === 'function'
  );
}

/** The same before it is ever called: by what kind of function it is. */
export function refuseAsync(handler: unknown, owner: object, name: string): void {
  if (types.isAsyncFunction(handler) || types.isGeneratorFunction(handler)) throw asyncHandler(owner, name);
}

/** A generator does nothing when it is called, also where promises are awaited. */
export function refuseGenerator(handler: unknown, owner: object, name: string): void {
  if (!types.isGeneratorFunction(handler)) return;
  throw new SimulationError(
    'ERR_TROUPE_ASYNC_HANDLER',
    `${owner.constructor.name}.${name} is a generator, which does nothing when it is called: make it a function`,
  );
}

function asyncHandler(owner: object, name: string): SimulationError {
  return new SimulationError(
    'ERR_TROUPE_ASYNC_HANDLER',
    `${owner.constructor.name}.${name} is asynchronous: when it would go on is not part of simulated time; make it synchronous and send a message where it waits`,
  );
}
