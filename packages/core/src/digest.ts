import { Hash } from './hash.ts';

/**
 * Absorbs the structure of a body: type tags, lengths, numbers by their bits, texts by code unit, and the members of
 * objects in their own order, which the codec keeps. Two bodies that the codec would encode alike hash alike.
 */
export function hashBody(hash: Hash, value: unknown): void {
  switch (typeof value) {
    case 'undefined':
      hash.word(0);
      return;
    case 'boolean':
      hash.word(value ? 2 : 1);
      return;
    case 'number':
      hash.word(3);
      hash.float(value);
      return;
    case 'string':
      hash.word(4);
      hash.text(value);
      return;
    case 'bigint':
      hash.word(5);
      hash.text(value.toString());
      return;
    case 'object':
      if (value === null) hash.word(6);
      else hashObject(hash, value);
      return;
    default:
      // Functions and symbols cannot be encoded; where a model keeps them to itself they say nothing of its course.
      hash.word(7);
  }
}

function hashObject(hash: Hash, value: object): void {
  if (Array.isArray(value)) {
    hash.word(8);
    hash.word(value.length);
    for (const element of value) hashBody(hash, element);
  } else if (value instanceof Map) {
    hash.word(9);
    hash.word(value.size);
    for (const [key, element] of value) {
      hashBody(hash, key);
      hashBody(hash, element);
    }
  } else if (value instanceof Set) {
    hash.word(10);
    hash.word(value.size);
    for (const element of value) hashBody(hash, element);
  } else if (value instanceof Date) {
    hash.word(11);
    hash.float(value.getTime());
  } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    hash.word(12);
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    hash.text(value instanceof ArrayBuffer ? 'ArrayBuffer' : value.constructor.name);
    hash.word(bytes.length);
    for (const byte of bytes) hash.word(byte);
  } else {
    hash.word(13);
    for (const key in value) {
      hash.text(key);
      hashBody(hash, (value as Record<string, unknown>)[key]);
    }
    hash.word(14);
  }
}

/** A stretch of memory that begins at a multiple of 4. */
export interface Bytes {
  view: DataView;
  start: number;
  length: number;
}

/** Absorbs bytes as they are. */
export function hashBytes(hash: Hash, { view, start, length }: Bytes): void {
  hash.word(15);
  const end = start + length;
  let at = start;
  for (; at + 4 <= end; at += 4) hash.word(view.getInt32(at, true));
  for (; at < end; at += 1) hash.word(view.getUint8(at));
}

/**
 * The digest of a run: a sum over the agents, so that it does not matter who hosts them or who is asked first. Each
 * agent adds its id and running hash, well mixed.
 */
export class RunDigest {
  #a = 0;
  #b = 0;

  /** Adds one agent: the hash of its id and its running hash. */
  add(idA: number, idB: number, a: number, b: number): void {
    MIX.set(idA, idB);
    MIX.word(a);
    MIX.word(b);
    MIX.finish();
    this.#a = (this.#a + MIX.a) | 0;
    this.#b = (this.#b + MIX.b) | 0;
  }

  /** Adds what another cluster has gathered. */
  merge(other: { readonly a: number; readonly b: number }): void {
    this.#a = (this.#a + other.a) | 0;
    this.#b = (this.#b + other.b) | 0;
  }

  get parts(): { readonly a: number; readonly b: number } {
    return { a: this.#a, b: this.#b };
  }

  toString(): string {
    MIX.set(this.#a, this.#b);
    return MIX.toString();
  }
}

const MIX = new Hash();
