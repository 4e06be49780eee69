import { describe, TransportError } from './errors.ts';

/** Number fields, by width: floats, signed and unsigned integers. */
export type NumberType = 'f64' | 'f32' | 'i32' | 'u32' | 'i16' | 'u16' | 'i8' | 'u8';

/**
 * What a field may be: a number, a boolean, a text of at most n UTF-8 bytes (n from 1 to 255), or a typed array of at
 * most n elements. An `f32` is rounded to single precision when it is sent.
 */
export type FieldType = NumberType | 'bool' | `string(${number})` | `${NumberType}[${number}]`;

interface ArrayTypes {
  f64: Float64Array;
  f32: Float32Array;
  i32: Int32Array;
  u32: Uint32Array;
  i16: Int16Array;
  u16: Uint16Array;
  i8: Int8Array;
  u8: Uint8Array;
}

/** The TypeScript type of a field. */
export type FieldValue<F extends FieldType> = F extends NumberType
  ? number
  : F extends 'bool'
    ? boolean
    : F extends `string(${number})`
      ? string
      : F extends `${infer N extends NumberType}[${number}]`
        ? ArrayTypes[N]
        : never;

/** A layout: one field, for bodies that are a single value, or named fields. */
export type LayoutSpec = FieldType | { readonly [field: string]: FieldType };

/** The TypeScript type of the bodies of a layout. */
export type LayoutBody<S extends LayoutSpec> = S extends FieldType
  ? FieldValue<S>
  : { [K in keyof S]: S[K] extends FieldType ? FieldValue<S[K]> : never };

/**
 * A declared shape of bodies. Such a body is written as bytes when it is sent and becomes an object again when it is
 * handed over, in the queue and on the wire alike.
 */
export interface Layout<B = unknown> {
  /** What was declared. */
  readonly spec: LayoutSpec;
  /** The most bytes that a body takes. */
  readonly maxBytes: number;
  /** Whether every body takes that many: there is no text and no array in it. */
  readonly isFixed: boolean;
  /**
   * Writes `body` at `at`; answers where it ends.
   * @throws {TransportError} `ERR_TROUPE_LAYOUT_VALUE`, naming field, type and value
   */
  encode(body: B, view: DataView, bytes: Buffer, at: number): number;
  /** Reads a body back. */
  decode(view: DataView, bytes: Buffer, at: number): B;
}

const SIZES: Record<NumberType | 'bool', number> = {
  f64: 8,
  f32: 4,
  i32: 4,
  u32: 4,
  i16: 2,
  u16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
};

const VIEW_NAMES: Record<NumberType, string> = {
  f64: 'Float64',
  f32: 'Float32',
  i32: 'Int32',
  u32: 'Uint32',
  i16: 'Int16',
  u16: 'Uint16',
  i8: 'Int8',
  u8: 'Uint8',
};

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
} as const;

const INTEGER_RANGES: Partial<Record<NumberType, readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  i16: [-(2 ** 15), 2 ** 15 - 1],
  u16: [0, 2 ** 16 - 1],
  i8: [-128, 127],
  u8: [0, 255],
};

/** Most bytes of a layout: what a frame surely has room for. */
const MAX_BYTES = 32 * 1024;

interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly kind: 'number' | 'bool' | 'string' | 'array';
  readonly element: NumberType;
  /** Most bytes of text, or elements. */
  readonly limit: number;
  /** Most bytes in the record. */
  readonly bytes: number;
}

/**
 * Declares a layout.
 *
 * ```ts
 * const flight = layout({ seats: 'u16', tail: 'string(8)', position: 'f64[3]' });
 * const amount = layout('f64'); // bodies are plain numbers
 * ```
 *
 * @throws {TransportError} `ERR_TROUPE_LAYOUT_SPEC` for an unknown type, a bad length, or more than 32 KiB in all
 */
export function layout<const S extends LayoutSpec>(spec: S): Layout<LayoutBody<S>> {
  const single = typeof spec === 'string';
  if (!single && (typeof spec !== 'object' || spec === null)) {
    throw specError('the layout', spec);
  }
  const fields = single
    ? [parseField('', spec)]
    : Object.entries(spec as Record<string, FieldType>).map(([name, type]) => parseField(name, type));
  const maxBytes = fields.reduce((sum, field) => sum + field.bytes, 0);
  if (maxBytes > MAX_BYTES) {
    throw new TransportError(
      'ERR_TROUPE_LAYOUT_SPEC',
      `the layout takes up to ${maxBytes} bytes, over the limit of ${MAX_BYTES}: leave such bodies without a layout`,
      { value: maxBytes },
    );
  }
  const codec = compile(fields, single) ?? interpret(fields, single);
  const isFixed = fields.every(({ kind }) => kind === 'number' || kind === 'bool');
  return Object.freeze({ spec, maxBytes, isFixed, ...codec }) as Layout<LayoutBody<S>>;
}

function parseField(name: string, type: unknown): Field {
  const what = name === '' ? 'the layout' : `field ${JSON.stringify(name)}`;
  if (name === '__proto__') {
    throw new TransportError(
      'ERR_TROUPE_LAYOUT_SPEC',
      'a field cannot be called __proto__: choose another name',
    );
  }
  if (typeof type !== 'string') throw specError(what, type);
  if (type === 'bool') {
    return { name, type, kind: 'bool', element: 'u8', limit: 1, bytes: 1 };
  }
  if (Object.hasOwn(SIZES, type)) {
    const element = type as NumberType;
    return { name, type: element, kind: 'number', element, limit: 1, bytes: SIZES[element] };
  }
  const text = /^string\((\d+)\)$/.exec(type);
  if (text !== null) {
    const limit = Number(text[1]);
    if (limit < 1 || limit > 255) throw specError(what, type);
    return { name, type: type as FieldType, kind: 'string', element: 'u8', limit, bytes: limit + 1 };
  }
  const array = /^(f64|f32|i32|u32|i16|u16|i8|u8)\[(\d+)\]$/.exec(type);
  if (array !== null) {
    const element = array[1] as NumberType;
    const limit = Number(array[2]);
    if (limit < 1 || limit > MAX_BYTES) throw specError(what, type);
    return {
      name,
      type: type as FieldType,
      kind: 'array',
      element,
      limit,
      bytes: 2 + limit * SIZES[element],
    };
  }
  throw specError(what, type);
}

function specError(what: string, type: unknown): TransportError {
  return new TransportError(
    'ERR_TROUPE_LAYOUT_SPEC',
    `${what} is declared as ${describe(type)}: give f64, f32, i32, u32, i16, u16, i8, u8, bool, string(1..255) or an array such as f64[8]`,
    { value: type },
  );
}

function refuse(field: Field, value: unknown): never {
  const what = field.name === '' ? 'the body' : `body.${field.name}`;
  throw new TransportError(
    'ERR_TROUPE_LAYOUT_VALUE',
    `${what} is ${describe(value)}, declared as ${field.type}: send a value of that type or change the layout`,
    { value },
  );
}

/** Writes a text behind its length in bytes; answers its end. */
function writeText(field: Field, text: unknown, bytes: Buffer, at: number): number {
  if (typeof text !== 'string') refuse(field, text);
  const length = text.length;
  if (length > field.limit) refuse(field, text);
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return writeWideText(field, text, bytes, at);
    bytes[at + 1 + index] = code;
  }
  bytes[at] = length;
  return at + 1 + length;
}

function writeWideText(field: Field, text: string, bytes: Buffer, at: number): number {
  const length = Buffer.byteLength(text);
  if (length > field.limit || !text.isWellFormed()) refuse(field, text);
  bytes[at] = length;
  bytes.write(text, at + 1, length, 'utf8');
  return at + 1 + length;
}

function readText(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at + 1, at + 1 + (bytes[at] as number));
}

type TypedArray = ArrayTypes[NumberType];

/** Writes the raw elements behind their number; answers the end. */
function writeArray(field: Field, value: unknown, view: DataView, bytes: Buffer, at: number): number {
  if (!(value instanceof ARRAYS[field.element]) || value.length > field.limit) refuse(field, value);
  view.setUint16(at, value.length, true);
  bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at + 2);
  return at + 2 + value.byteLength;
}

function readArray(field: Field, view: DataView, bytes: Buffer, at: number): TypedArray {
  const count = view.getUint16(at, true);
  const result = new ARRAYS[field.element](Math.min(count, field.limit));
  new Uint8Array(result.buffer).set(bytes.subarray(at + 2, at + 2 + result.byteLength));
  return result;
}

type Codec = Pick<Layout, 'encode' | 'decode'>;

/**
 * Straight-line code for one layout: V8 gives the decoded objects one hidden class and inlines the accesses, four times
 * as fast as walking the fields. Undefined where code from strings is not allowed.
 */
function compile(fields: readonly Field[], single: boolean): Codec | undefined {
  const write: string[] = [];
  const declare: string[] = [];
  const read: string[] = [];
  fields.forEach((field, index) => {
    const value = `v${index}`;
    const key = JSON.stringify(field.name);
    write.push(`const ${value} = ${single ? 'body' : `body[${key}]`};`);
    const name = VIEW_NAMES[field.element];
    const endian = SIZES[field.element] === 1 ? '' : ', true';
    if (field.kind === 'bool') {
      write.push(`if (${value} !== true && ${value} !== false) refuse(fields[${index}], ${value});`);
      write.push(`view.setUint8(at, ${value} ? 1 : 0); at += 1;`);
      declare.push(`const ${value} = view.getUint8(at) !== 0; at += 1;`);
    } else if (field.kind === 'number') {
      const range = INTEGER_RANGES[field.element];
      const test = range
        ? `typeof ${value} === 'number' && Math.trunc(${value}) === ${value} && ${value} >= ${range[0]} && ${value} <= ${range[1]}`
        : `typeof ${value} === 'number'`;
      write.push(`if (!(${test})) refuse(fields[${index}], ${value});`);
      write.push(`view.set${name}(at, ${value}${endian});`);
      // NaN has many bit patterns: one for all. Apart, since V8 inlines a store only of what it knows to be a number.
      if (!range) write.push(`if (${value} !== ${value}) view.set${name}(at, NaN${endian});`);
      write.push(`at += ${field.bytes};`);
      declare.push(`const ${value} = view.get${name}(at${endian}); at += ${field.bytes};`);
    } else if (field.kind === 'string') {
      write.push(`at = writeText(fields[${index}], ${value}, bytes, at);`);
      declare.push(`const ${value} = readText(bytes, at); at += 1 + bytes[at];`);
    } else {
      write.push(`at = writeArray(fields[${index}], ${value}, view, bytes, at);`);
      declare.push(
        `const ${value} = readArray(fields[${index}], view, bytes, at); at += 2 + ${value}.byteLength;`,
      );
    }
    read.push(`${key}: ${value}`);
  });
  const guard = single
    ? ''
    : "if (typeof body !== 'object' || body === null) refuse({ name: '', type: 'an object' }, body);";
  const source = `'use strict';
    return {
      encode(body, view, bytes, at) { ${guard} ${write.join(' ')} return at; },
      decode(view, bytes, at) { ${declare.join(' ')} return ${single ? 'v0' : `{ ${read.join(', ')} }`}; },
    };`;
  try {
    return new Function('fields', 'refuse', 'writeText', 'readText', 'writeArray', 'readArray', source)(
      fields,
      refuse,
      writeText,
      readText,
      writeArray,
      readArray,
    ) as Codec;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

/** The same without generated code. */
function interpret(fields: readonly Field[], single: boolean): Codec {
  const put = (field: Field, value: unknown, view: DataView, bytes: Buffer, at: number): number => {
    if (field.kind === 'string') return writeText(field, value, bytes, at);
    if (field.kind === 'array') return writeArray(field, value, view, bytes, at);
    if (field.kind === 'bool') {
      if (typeof value !== 'boolean') refuse(field, value);
      view.setUint8(at, value ? 1 : 0);
      return at + 1;
    }
    if (typeof value !== 'number') refuse(field, value);
    const range = INTEGER_RANGES[field.element];
    if (range && !(Number.isInteger(value) && value >= range[0] && value <= range[1])) refuse(field, value);
    setNumber(view, field.element, at, value);
    return at + field.bytes;
  };
  return {
    encode(body, view, bytes, at) {
      if (single) return put(fields[0] as Field, body, view, bytes, at);
      if (typeof body !== 'object' || body === null)
        refuse({ name: '', type: 'an object' } as unknown as Field, body);
      let position = at;
      for (const field of fields) {
        position = put(field, (body as Record<string, unknown>)[field.name], view, bytes, position);
      }
      return position;
    },
    decode(view, bytes, at) {
      const result: Record<string, unknown> = {};
      let position = at;
      for (const field of fields) {
        let value: unknown;
        if (field.kind === 'string') {
          value = readText(bytes, position);
          position += 1 + (bytes[position] as number);
        } else if (field.kind === 'array') {
          const array = readArray(field, view, bytes, position);
          value = array;
          position += 2 + array.byteLength;
        } else {
          const number = getNumber(view, field.element, position);
          value = field.kind === 'bool' ? number !== 0 : number;
          position += field.bytes;
        }
        if (single) return value;
        result[field.name] = value;
      }
      return result;
    },
  };
}

function setNumber(view: DataView, type: NumberType, at: number, value: number): void {
  const name = `set${VIEW_NAMES[type]}` as 'setFloat64';
  view[name](at, value, true);
}

function getNumber(view: DataView, type: NumberType, at: number): number {
  const name = `get${VIEW_NAMES[type]}` as 'getFloat64';
  return view[name](at, true);
}

/** @internal for the test that both ways agree. */
export function interpretedLayout(spec: LayoutSpec): Codec {
  const single = typeof spec === 'string';
  return interpret(
    single ? [parseField('', spec)] : Object.entries(spec).map(([name, type]) => parseField(name, type)),
    single,
  );
}
