import { SimulationError, show } from './errors.ts';

/** One parameter of a model: its type, default, range, and a line for people. */
export type ParamSpec =
  | {
      readonly type: 'number' | 'integer';
      readonly default: number;
      readonly min?: number;
      readonly max?: number;
      readonly help: string;
    }
  | { readonly type: 'boolean'; readonly default: boolean; readonly help: string }
  | {
      readonly type: 'text';
      readonly default: string;
      readonly choices?: readonly string[];
      readonly help: string;
    };

export type ParamSpecs = { readonly [name: string]: ParamSpec };

/** The values that go with the specs. */
export type Params<S extends ParamSpecs = ParamSpecs> = {
  readonly [K in keyof S]: S[K]['type'] extends 'number' | 'integer'
    ? number
    : S[K]['type'] extends 'boolean'
      ? boolean
      : S[K] extends { readonly choices: readonly (infer C)[] }
        ? C
        : string;
};

/**
 * The parameters of a run: defaults, overridden by what was given.
 *
 * @throws {SimulationError} `ERR_TROUPE_PARAM`, naming parameter, value and what is allowed
 */
export function resolveParams<S extends ParamSpecs>(
  specs: S,
  given: Readonly<Record<string, unknown>>,
): Params<S> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) {
      const known = Object.keys(specs).join(', ') || 'none';
      throw new SimulationError(
        'ERR_TROUPE_PARAM',
        `there is no parameter ${show(name)}; the model has: ${known}`,
        {
          value: name,
        },
      );
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[name] ?? spec.default;
    checkParam(name, spec, value);
    result[name] = value;
  }
  return Object.freeze(result) as Params<S>;
}

function checkParam(name: string, spec: ParamSpec, value: unknown): void {
  const refuse = (allowed: string): never => {
    throw new SimulationError('ERR_TROUPE_PARAM', `parameter ${name} is ${show(value)}: give ${allowed}`, {
      value,
    });
  };
  switch (spec.type) {
    case 'boolean':
      if (typeof value !== 'boolean') refuse('true or false');
      return;
    case 'text':
      if (typeof value !== 'string') refuse('a text');
      if (spec.choices !== undefined && !spec.choices.includes(value as string)) {
        refuse(`one of ${spec.choices.join(', ')}`);
      }
      return;
    default: {
      const min = spec.min ?? Number.NEGATIVE_INFINITY;
      const max = spec.max ?? Number.POSITIVE_INFINITY;
      const fits = typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max;
      if (!fits || (spec.type === 'integer' && !Number.isInteger(value))) {
        const what = spec.type === 'integer' ? 'a whole number' : 'a number';
        refuse(`${what} from ${min} to ${max}`);
      }
    }
  }
}
