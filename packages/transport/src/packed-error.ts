import { describe } from './errors.ts';

/** An error as plain data, whole: a structured clone drops codes, classes and the errors within errors. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own fields that are plain values: `code` above all. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly cause: PackedError | undefined;
  readonly errors: readonly PackedError[] | undefined;
}

/** Anything can be thrown, even what has no text. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return describe(thrown);
  }
}

/** How many causes deep an error is kept. */
const MAX_CAUSES = 8;

/** Makes an error into data. What was thrown and is no error becomes one. */
export function packError(thrown: unknown, depth = 0): PackedError {
  if (!(thrown instanceof Error)) {
    return {
      name: 'Error',
      message: `${textOf(thrown)} was thrown, which is no error`,
      stack: undefined,
      fields: {},
      cause: undefined,
      errors: undefined,
    };
  }
  const fields: Record<string, string | number | boolean> = {};
  for (const key of Object.keys(thrown)) {
    if (key === 'stack' || key === 'message' || key === 'name') continue;
    const value = (thrown as unknown as Record<string, unknown>)[key];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      fields[key] = value;
  }
  const deeper = depth < MAX_CAUSES;
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    fields,
    cause: thrown.cause === undefined || !deeper ? undefined : packError(thrown.cause, depth + 1),
    errors:
      thrown instanceof AggregateError && deeper
        ? thrown.errors.map((error: unknown) => packError(error, depth + 1))
        : undefined,
  };
}

/**
 * Makes data into an error again. `node` is named in its stack, so that one sees where it was thrown; `classes` are
 * those that are told apart by `instanceof`, by name.
 */
export function unpackError(
  packed: PackedError,
  node?: string,
  classes: Readonly<Record<string, { readonly prototype: Error }>> = {},
): Error {
  const cause = packed.cause === undefined ? undefined : { cause: unpackError(packed.cause, node, classes) };
  const error =
    packed.errors === undefined
      ? new Error(packed.message, cause)
      : new AggregateError(
          packed.errors.map((inner) => unpackError(inner, node, classes)),
          packed.message,
          cause,
        );
  const known = Object.hasOwn(BUILT_IN, packed.name) ? BUILT_IN[packed.name] : undefined;
  const ours = Object.hasOwn(classes, packed.name) ? classes[packed.name] : undefined;
  const prototype = (ours ?? known)?.prototype;
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  if (error.name !== packed.name) {
    Object.defineProperty(error, 'name', { value: packed.name, configurable: true, writable: true });
  }
  for (const [key, value] of Object.entries(packed.fields)) {
    Object.defineProperty(error, key, { value, configurable: true, enumerable: true, writable: true });
  }
  const stack = packed.stack ?? `${packed.name}: ${packed.message}`;
  Object.defineProperty(error, 'stack', {
    value: node === undefined ? stack : `${stack}\n    on ${node}`,
    configurable: true,
    writable: true,
  });
  return error;
}

const BUILT_IN: Readonly<Record<string, { readonly prototype: Error }>> = {
  TypeError,
  RangeError,
  ReferenceError,
  SyntaxError,
  EvalError,
  URIError,
};
