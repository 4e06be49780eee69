import { describe, TransportError } from './errors.ts';

/** Deepest nesting of a body. */
export const MAX_DEPTH = 64;

/** What {@link checkEncodable} found. */
const PLAIN = 0;
/** The body holds -0 or a string with a lone surrogate, which MessagePack would change. */
const EXOTIC = 1;

const TYPED_ARRAYS: ReadonlySet<unknown> = new Set([
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]);

const MIN_BIGINT = -(2n ** 63n);
const MAX_BIGINT = 2n ** 64n - 1n;

/**
 * Checks that a body reads the same after it was encoded and decoded: undefined, null, booleans, numbers, strings,
 * 64-bit bigints, dates, arrays, plain objects, maps, sets, typed arrays and array buffers, nested up to
 * {@link MAX_DEPTH} deep, without cycles.
 *
 * @param thorough look also for symbols as keys, and for members of arrays beside their elements
 * @returns 1 when it holds values that need {@link protectExotic}, else 0
 * @throws {TransportError} `ERR_TROUPE_BODY_NOT_ENCODABLE`, naming the place and the value
 */
export function checkEncodable(value: unknown, thorough = false): number {
  const found = check(value, 0);
  // After the check, which has refused cycles.
  if (thorough) refuseHidden(value, 0);
  return found;
}

function check(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'number':
      return value === 0 && 1 / value < 0 ? EXOTIC : PLAIN;
    case 'string':
      return value.isWellFormed() ? PLAIN : EXOTIC;
    case 'boolean':
    case 'undefined':
      return PLAIN;
    case 'object':
      return value === null ? PLAIN : checkObject(value, depth);
    case 'bigint':
      if (value >= MIN_BIGINT && value <= MAX_BIGINT) return PLAIN;
      return refuse(value, 'bigints must fit in 64 bits; send larger ones as text');
    default:
      return refuse(value, 'functions and symbols cannot be sent; send data and let the receiver act on it');
  }
}

function checkObject(value: object, depth: number): number {
  if (depth >= MAX_DEPTH) refuse(value, `nested more than ${MAX_DEPTH} deep, or in a cycle; flatten it`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return checkArray(value as unknown[], depth);
  let flags = PLAIN;
  if (prototype === Object.prototype) {
    // for-in visits what a plain object owns, without an array of keys; enumerable additions to Object.prototype are
    // a fault of the program that msgpackr would not survive either.
    for (const key in value) {
      if (key === '__proto__') refuse(value, 'the key __proto__ cannot be sent');
      if (!key.isWellFormed()) refuse(key, 'a key holds a lone surrogate');
      flags |= check((value as Record<string, unknown>)[key], depth + 1);
    }
    return flags;
  }
  if (prototype === Map.prototype) {
    for (const [key, element] of value as Map<unknown, unknown>)
      flags |= check(key, depth + 1) | check(element, depth + 1);
    return flags;
  }
  if (prototype === Set.prototype) {
    for (const element of value as Set<unknown>) flags |= check(element, depth + 1);
    return flags;
  }
  const kind = (prototype as { constructor?: unknown } | null)?.constructor;
  if (TYPED_ARRAYS.has(kind) || kind === ArrayBuffer) return PLAIN;
  if (kind === Date) {
    if (Number.isNaN((value as Date).getTime())) refuse(value, 'the date is invalid');
    return PLAIN;
  }
  return refuse(
    value,
    prototype === null
      ? 'an object without a prototype would arrive with one; send { ...object }'
      : 'an instance of a class would lose its class; send its data as a plain object',
  );
}

function checkArray(value: readonly unknown[], depth: number): number {
  let flags = PLAIN;
  for (let index = 0; index < value.length; index += 1) {
    const element = value[index];
    if (element === undefined && !(index in value)) {
      refuse(value, `element ${index} is a hole; write undefined or null`);
    }
    flags |= check(element, depth + 1);
  }
  return flags;
}

/** What costs too much to look for each time, and would be lost without a trace. */
function refuseHidden(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH || ArrayBuffer.isView(value)) return;
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(value, 'a key is a symbol; use text');
  if (Array.isArray(value) && Object.keys(value).length > value.length) {
    refuse(value, 'an array has members beside its elements; send an object');
  }
  for (const element of elementsOf(value)) refuseHidden(element, depth + 1);
}

function elementsOf(value: object): unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? [...value] : Object.values(value);
}

/** What is wrong, before it is known where: turned into a TransportError by {@link explain}. */
class NotEncodable extends Error {
  readonly value: unknown;
  constructor(message: string, value: unknown) {
    super(message);
    this.value = value;
  }
}

function refuse(value: unknown, remedy: string): never {
  throw new NotEncodable(remedy, value);
}

/** What the caller of {@link checkEncodable} throws on: the error with its place in the body. */
export function explain(error: unknown, body: unknown): unknown {
  if (!(error instanceof NotEncodable)) return error;
  const path = placeOf(body);
  const place = path.length === 0 ? 'the body' : `body.${path.join('.')}`;
  return new TransportError(
    'ERR_TROUPE_BODY_NOT_ENCODABLE',
    `${place} is ${describe(error.value)}: ${error.message}`,
    { value: error.value },
  );
}

/** Longest place that is written out: in a cycle it would have no end. */
const PLACE_LIMIT = 12;

/** The way to what is wrong in a body. Looked for when something is, so that sound bodies pay nothing for it. */
function placeOf(body: unknown): string[] {
  const path: string[] = [];
  for (let value = body; path.length < PLACE_LIMIT; ) {
    if (typeof value !== 'object' || value === null || value instanceof Map || value instanceof Set) break;
    const wrong = Object.entries(value).find(([, member]) => !isEncodable(member));
    if (wrong === undefined) break;
    path.push(wrong[0]);
    value = wrong[1];
  }
  return path;
}

function isEncodable(value: unknown): boolean {
  try {
    check(value, 0);
    return true;
  } catch {
    return false;
  }
}

/** MessagePack extension types of our own. */
export const NEGATIVE_ZERO_TYPE = 0x2d;
export const LONE_STRING_TYPE = 0x2e;

/** Stands for -0 on the wire. */
export class NegativeZero {}

/** Stands for a string with lone surrogates on the wire. */
export class LoneString {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A copy of `value` in which leaf values that MessagePack would change are replaced by what stands for them. */
export function protectExotic(value: unknown): unknown {
  return copy(value, (leaf) => {
    if (Object.is(leaf, -0)) return new NegativeZero();
    if (typeof leaf === 'string' && !leaf.isWellFormed()) return new LoneString(leaf);
    return leaf;
  });
}

/** A deep copy of a body that {@link checkEncodable} accepts. */
export function copyBody<T>(value: T): T {
  return typeof value === 'object' && value !== null ? (copy(value, (leaf) => leaf) as T) : value;
}

function copy(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return leaf(value);
  if (Array.isArray(value)) return value.map((element) => copy(element, leaf));
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, element]) => [copy(key, leaf), copy(element, leaf)]));
  }
  if (value instanceof Set) return new Set(Array.from(value, (element) => copy(element, leaf)));
  if (Object.getPrototypeOf(value) === Object.prototype) {
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) result[key] = copy((value as Record<string, unknown>)[key], leaf);
    return result;
  }
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  return structuredClone(value);
}
