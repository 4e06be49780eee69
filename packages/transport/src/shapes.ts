/*
 * Bodies that are flat records of numbers, booleans and short texts, as most are, in a form of their own:
 *
 *  0xc1 | number of the shape | fields, one after the other: f64; u8; u8 length and ASCII
 *  0xc1 | the same with bit 7 | u16 length | keys and types as JSON | fields         the first time
 *
 * 0xc1 begins no MessagePack value. A shape is its keys, in order, with the types of their values; one direction of one
 * link numbers those that it has seen. What fits no shape goes through msgpackr.
 */

/** First byte of a body in this form. */
export const SHAPED = 0xc1;
const NEW = 0x80;

/** Most shapes of one direction of a link, most fields, and longest text in bytes. */
const MAX_SHAPES = 16;
const MAX_FIELDS = 24;
const MAX_TEXT = 64;
/** Bytes that must be free where a body is written: the fields, and the description. */
export const SHAPE_ROOM: number = 2048;
const MAX_DESCRIPTION = SHAPE_ROOM - 4 - MAX_FIELDS * (MAX_TEXT + 1);
/** Bodies that fit no shape before no more are tried, beyond four for each that fits. */
const PATIENCE = 256;

type FieldType = 'n' | 'b' | 's';
type Fields = readonly (readonly [key: string, type: FieldType])[];

interface Writer {
  readonly fields: Fields;
  /** Writes the fields of a body of this shape; -1 for one of another. */
  readonly write: (body: object, view: DataView, bytes: Buffer, at: number) => number;
  described: boolean;
}

type Reader = (view: DataView, bytes: Buffer, at: number) => object;

/** The shapes that one side has sent. */
export class ShapeWriter {
  readonly #writers: Writer[] = [];
  #recent = 0;
  #fits = 0;
  #misses = 0;

  /** Writes a body at `at`, with {@link SHAPE_ROOM} bytes free; answers its end, or -1 for one that has no such form. */
  write(body: unknown, view: DataView, bytes: Buffer, at: number): number {
    if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype)
      return -1;
    if (this.#misses > PATIENCE + 4 * this.#fits) return -1;
    const writers = this.#writers;
    const { length } = writers;
    let index = this.#recent;
    for (let tried = 0; tried < length; tried += 1) {
      const end = this.#writeAs(index, body, view, bytes, at);
      if (end !== -1) {
        this.#recent = index;
        this.#fits += 1;
        return end;
      }
      index = index + 1 === length ? 0 : index + 1;
    }
    this.#misses += 1;
    return this.#learn(body) ? this.#writeAs(length, body, view, bytes, at) : -1;
  }

  #writeAs(index: number, body: object, view: DataView, bytes: Buffer, at: number): number {
    const writer = this.#writers[index] as Writer;
    if (writer.described) {
      const end = writer.write(body, view, bytes, at + 2);
      if (end !== -1) {
        bytes[at] = SHAPED;
        bytes[at + 1] = index;
      }
      return end;
    }
    const description = JSON.stringify(writer.fields);
    const length = bytes.write(description, at + 4, 'utf8');
    const end = writer.write(body, view, bytes, at + 4 + length);
    if (end === -1) return -1;
    bytes[at] = SHAPED;
    bytes[at + 1] = index | NEW;
    view.setUint16(at + 2, length, true);
    writer.described = true;
    return end;
  }

  /** Makes a shape of a body; false where it has none, or there are enough. */
  #learn(body: object): boolean {
    if (this.#writers.length === MAX_SHAPES) return false;
    const fields: [string, FieldType][] = [];
    for (const key in body) {
      const type = TYPES[typeof (body as Record<string, unknown>)[key]];
      if (type === undefined || key === '__proto__' || !key.isWellFormed()) return false;
      fields.push([key, type]);
    }
    if (fields.length === 0 || fields.length > MAX_FIELDS) return false;
    if (Buffer.byteLength(JSON.stringify(fields)) > MAX_DESCRIPTION) return false;
    const write = compileWriter(fields);
    if (write === undefined) return false;
    this.#writers.push({ fields, write, described: false });
    return true;
  }
}

/** The shapes that the other side has described. */
export class ShapeReader {
  readonly #readers: (Reader | undefined)[] = [];

  /** The body at `at`; undefined where its shape was not described, or cannot be. */
  read(view: DataView, bytes: Buffer, at: number): object | undefined {
    const number = bytes[at + 1] as number;
    if ((number & NEW) === 0) return this.#readers[number]?.(view, bytes, at + 2);
    const length = view.getUint16(at + 2, true);
    const fields = JSON.parse(bytes.toString('utf8', at + 4, at + 4 + length)) as Fields;
    const read = compileReader(fields);
    this.#readers[number & ~NEW] = read;
    return read?.(view, bytes, at + 4 + length);
  }
}

const TYPES: Readonly<Record<string, FieldType | undefined>> = { number: 'n', boolean: 'b', string: 's' };

/** Writes a short ASCII text behind its length; -1 for any other. */
function writeText(text: string, bytes: Buffer, at: number): number {
  const { length } = text;
  if (length > MAX_TEXT) return -1;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return -1;
    bytes[at + 1 + index] = code;
  }
  bytes[at] = length;
  return at + 1 + length;
}

/** Texts that came lately: what is said in one of a few words is not made anew each time. */
const RECENT: string[] = new Array<string>(256).fill('');

function readText(bytes: Buffer, at: number): string {
  const length = bytes[at] as number;
  if (length === 0) return '';
  const start = at + 1;
  const end = start + length;
  const entry = (length * 31 + (bytes[start] as number) * 7 + (bytes[end - 1] as number)) & 255;
  const known = RECENT[entry] as string;
  if (known.length === length) {
    let index = 0;
    while (index < length && known.charCodeAt(index) === bytes[start + index]) index += 1;
    if (index === length) return known;
  }
  const text = bytes.toString('latin1', start, end);
  RECENT[entry] = text;
  return text;
}

/** Straight-line code, as for layouts; undefined where code from strings is not allowed. */
function compile<T>(source: string, names: readonly string[], values: readonly unknown[]): T | undefined {
  try {
    return new Function(...names, `'use strict'; return ${source};`)(...values) as T;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

function compileWriter(fields: Fields): Writer['write'] | undefined {
  const keys = fields.map(
    ([key], index) => `case ${index}: if (key !== ${JSON.stringify(key)}) return -1; break;`,
  );
  const loads = fields.map(([key, type], index) => {
    const value = `v${index}`;
    const wanted = { n: 'number', b: 'boolean', s: 'string' }[type];
    return `const ${value} = body[${JSON.stringify(key)}]; if (typeof ${value} !== '${wanted}') return -1;`;
  });
  const stores = fields.map(([, type], index) => {
    const value = `v${index}`;
    if (type === 'n') return `view.setFloat64(at, ${value}, true); at += 8;`;
    if (type === 'b') return `bytes[at] = ${value} ? 1 : 0; at += 1;`;
    return `at = writeText(${value}, bytes, at); if (at === -1) return -1;`;
  });
  return compile(
    `(body, view, bytes, at) => {
      let field = 0;
      for (const key in body) { switch (field) { ${keys.join(' ')} default: return -1; } field += 1; }
      if (field !== ${fields.length}) return -1;
      ${loads.join(' ')} ${stores.join(' ')} return at;
    }`,
    ['writeText'],
    [writeText],
  );
}

function compileReader(fields: Fields): Reader | undefined {
  const loads = fields.map(([, type], index) => {
    const value = `v${index}`;
    if (type === 'n') return `const ${value} = view.getFloat64(at, true); at += 8;`;
    if (type === 'b') return `const ${value} = bytes[at] !== 0; at += 1;`;
    return `const ${value} = readText(bytes, at); at += 1 + bytes[at];`;
  });
  const members = fields.map(([key], index) => `${JSON.stringify(key)}: v${index}`);
  return compile(
    `(view, bytes, at) => { ${loads.join(' ')} return { ${members.join(', ')} }; }`,
    ['readText'],
    [readText],
  );
}
