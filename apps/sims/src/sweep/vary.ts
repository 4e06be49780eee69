import { type ParamSpec, type ParamSpecs, resolveParams } from '@troupe/core';
import { UsageError } from '../command-line.ts';

export type ParamValue = number | string | boolean;

/** A parameter that a sweep varies, and the values that it takes. */
export interface Varied {
  readonly name: string;
  readonly values: readonly ParamValue[];
}

/** Most values of one parameter: a mistyped step must not fill the memory. */
const MOST_VALUES = 1_000_000;

const NUMBER = String.raw`[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?:([:/])(${NUMBER}))?$`);

/**
 * Reads `NAME=VALUES`. Values are separated by commas; for numbers each may be a range: `1..10` goes by ones, `0..1:0.1`
 * by the step that is given, `1..10/4` is as many values at equal distances. Both ends belong to a range.
 *
 * @throws {UsageError} when it is not that; {@link resolveParams}'s error when the model does not take a value
 */
export function parseVary(text: string, specs: ParamSpecs): Varied {
  const [, name, list] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || list === undefined || list === '') {
    throw new UsageError(
      `--vary is ${JSON.stringify(text)}: give NAME=VALUES, such as agents=10,20 or agents=1..10`,
    );
  }
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) {
    throw new UsageError(
      `--vary ${text}: the model has no parameter ${name}; it has: ${Object.keys(specs).join(', ')}`,
    );
  }
  const values = [...new Set(list.split(',').flatMap((item) => valuesOf(item, spec, text)))];
  for (const value of values) resolveParams(specs, { [name]: value });
  return { name, values };
}

function valuesOf(item: string, spec: ParamSpec, text: string): ParamValue[] {
  if (spec.type === 'text') return [item];
  if (spec.type === 'boolean') {
    if (item === 'true' || item === 'false') return [item === 'true'];
    throw new UsageError(`--vary ${text}: ${JSON.stringify(item)} is neither true nor false`);
  }
  const [, first, last, kind, by] = RANGE.exec(item) ?? [];
  if (first !== undefined && last !== undefined) {
    const range = { from: Number(first), to: Number(last) };
    const count = kind === '/' ? Number(by) : undefined;
    const step = kind === ':' ? Number(by) : undefined;
    return rangeOf(range, count, step, spec.type === 'integer', text);
  }
  const number = item.trim() === '' ? Number.NaN : Number(item);
  if (!Number.isNaN(number)) return [number];
  throw new UsageError(
    `--vary ${text}: ${JSON.stringify(item)} is neither a number nor a range such as 1..10`,
  );
}

function rangeOf(
  { from, to }: { readonly from: number; readonly to: number },
  count: number | undefined,
  step: number | undefined,
  isWhole: boolean,
  text: string,
): number[] {
  if (count !== undefined) {
    if (!(Number.isInteger(count) && count >= 2 && count <= MOST_VALUES)) {
      throw new UsageError(`--vary ${text}: / is followed by how many values, from 2 on`);
    }
    const at = (index: number): number => tidy(from + ((to - from) * index) / (count - 1));
    return Array.from({ length: count }, (_, index) => (isWhole ? Math.round(at(index)) : at(index)));
  }
  const by = step ?? (from <= to ? 1 : -1);
  const steps = Math.floor((to - from) / by + 1e-9);
  if (!(steps >= 0 && steps < MOST_VALUES)) {
    throw new UsageError(`--vary ${text}: no steps of ${by} lead from ${from} to ${to}, or too many`);
  }
  return Array.from({ length: steps + 1 }, (_, index) => tidy(from + index * by));
}

/** 0.3 rather than 0.30000000000000004: what was meant by three steps of 0.1. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** How many points the cross product of these has. */
export function pointCount(varied: readonly Varied[]): number {
  return varied.reduce((product, { values }) => product * values.length, 1);
}

/** One point of the cross product, by its number from 0 on: the last parameter varies fastest. */
export function pointAt(varied: readonly Varied[], number: number): Record<string, ParamValue> {
  const point: Record<string, ParamValue> = {};
  let rest = number;
  for (const { name, values } of varied.toReversed()) {
    point[name] = values[rest % values.length] as ParamValue;
    rest = Math.floor(rest / values.length);
  }
  return point;
}
