import { LONE_STRING_TYPE, MAX_DEPTH, NEGATIVE_ZERO_TYPE } from './encodable.ts';
import { TransportError } from './errors.ts';

/** Most values that one body from an untrusted peer may hold. */
const MAX_ELEMENTS = 1_000_000;

const TIMESTAMP = 0xff;
const TYPED_ARRAY = 0x74;
const SET = 0x73;
const RECORD = 0x72;
const UNDEFINED = 0x00;

/**
 * Extension types of MessagePack that our encoder writes. Everything else, regular expressions, errors, pointers and
 * bundled strings among them, is refused.
 */
const EXTENSIONS: ReadonlySet<number> = new Set([
  TIMESTAMP,
  TYPED_ARRAY,
  SET,
  RECORD,
  UNDEFINED,
  NEGATIVE_ZERO_TYPE,
  LONE_STRING_TYPE,
]);

/** Bytes that follow a type byte of fixed size. */
const FIXED: Readonly<Record<number, number>> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8, // float 64
  204: 1, // unsigned integers
  205: 2,
  206: 4,
  207: 8,
  208: 1, // integers
  209: 2,
  210: 4,
  211: 8,
};

/** Type bytes that are followed by a length of so many bytes, and then by what is so long. */
const BYTES: Readonly<Record<number, number>> = { 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4 };
const EXTENSION: Readonly<Record<number, number>> = { 199: 1, 200: 2, 201: 4 };
const ARRAY: Readonly<Record<number, number>> = { 220: 2, 221: 4 };
const MAP: Readonly<Record<number, number>> = { 222: 2, 223: 4 };
const FIRST_FIXED_EXTENSION = 212;
const LAST_FIXED_EXTENSION = 216;

/**
 * Walks the MessagePack value at `bytes[start]..bytes[end]` of an untrusted peer without building anything: nesting,
 * number of values, lengths and extension types are within bounds, and the value ends where the frame says.
 *
 * @throws {TransportError} `ERR_TROUPE_FRAME_CORRUPT`; the text holds positions and numbers, never the payload
 */
export function scanBody(bytes: Uint8Array, start: number, end: number): void {
  const scan = new Scan(bytes, start, end);
  scan.value(0);
  scan.finish();
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #at: number;
  #elements = 0;
  /** Number of fields of the records that this body has defined, by id. */
  readonly #records = new Map<number, number>();

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start;
  }

  finish(): void {
    if (this.#at !== this.#end) this.#fail(`${this.#end - this.#at} bytes too many`);
  }

  value(depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH}`);
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) this.#fail(`more than ${MAX_ELEMENTS} values`);
    const type = this.#bytes[this.#take(1)] as number;
    if (type < 0xc0) this.#short(type, depth);
    else if (type < 0xe0) this.#long(type, depth);
  }

  /** Types that hold a small number, or a small length. */
  #short(type: number, depth: number): void {
    if (type >= 0xa0) this.#take(type & 0x1f);
    else if (type >= 0x90) this.#values(type & 0x0f, depth);
    else if (type >= 0x80) this.#values((type & 0x0f) * 2, depth);
    else if (type >= 0x40) {
      const fields = this.#records.get(type);
      if (fields === undefined) this.#fail(`record ${type} without a definition`);
      else this.#values(fields, depth);
    }
  }

  #long(type: number, depth: number): void {
    const fixed = FIXED[type];
    const bytes = BYTES[type];
    const extension = EXTENSION[type];
    const array = ARRAY[type];
    const map = MAP[type];
    if (fixed !== undefined) this.#take(fixed);
    else if (bytes !== undefined) this.#take(this.#unsigned(bytes));
    else if (extension !== undefined) this.#extension(this.#unsigned(extension), depth);
    else if (array !== undefined) this.#values(this.#unsigned(array), depth);
    else if (map !== undefined) this.#values(this.#unsigned(map) * 2, depth);
    else if (type >= FIRST_FIXED_EXTENSION && type <= LAST_FIXED_EXTENSION) {
      this.#extension(1 << (type - FIRST_FIXED_EXTENSION), depth);
    } else {
      this.#fail(`type byte ${type}`);
    }
  }

  #values(count: number, depth: number): void {
    if (count > this.#end - this.#at)
      this.#fail(`${count} values announced, ${this.#end - this.#at} bytes left`);
    for (let index = 0; index < count; index += 1) this.value(depth + 1);
  }

  #extension(length: number, depth: number): void {
    const type = this.#bytes[this.#take(1)] as number;
    if (!EXTENSIONS.has(type)) this.#fail(`extension type ${type}`);
    const from = this.#take(length);
    // A set travels as an array of its elements behind an empty extension; both are one value.
    if (type === SET) this.#values(this.#arrayLength(), depth);
    if (type === RECORD) this.#record(from, length, depth);
  }

  #arrayLength(): number {
    const type = this.#bytes[this.#take(1)] as number;
    const width = ARRAY[type];
    if (width !== undefined) return this.#unsigned(width);
    if (type < 0x90 || type > 0x9f) this.#fail(`type byte ${type} in place of an array`);
    return type & 0x0f;
  }

  /** A record is defined by its keys, as an array, and followed by its fields. */
  #record(from: number, length: number, depth: number): void {
    const id = this.#bytes[from] as number;
    if (length !== 1) this.#fail(`a record definition of ${length} bytes`);
    if (id < 0x40 || id > 0x7f) this.#fail(`a definition of record ${id}`);
    const keys = this.#arrayLength();
    this.#values(keys, depth);
    this.#records.set(id, keys);
    this.#values(keys, depth);
  }

  #take(count: number): number {
    const from = this.#at;
    if (count > this.#end - from) this.#fail(`${count} bytes announced, ${this.#end - from} left`);
    this.#at += count;
    return from;
  }

  #unsigned(width: number): number {
    const from = this.#take(width);
    let value = 0;
    for (let index = 0; index < width; index += 1)
      value = value * 256 + (this.#bytes[from + index] as number);
    return value;
  }

  #fail(what: string): never {
    throw new TransportError(
      'ERR_TROUPE_FRAME_CORRUPT',
      `refused a body of ${this.#end - this.#start} bytes from an untrusted peer: ${what} at byte ${this.#at - this.#start}`,
    );
  }
}
