import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodyCodec, CodecStream, TransportError } from '../src/index.ts';
import { numbers } from '../src/testing/material.ts';

const INPUTS = 200_000;
const SECRET = 'hunter2';
const DEFAULT_STACK = Error.stackTraceLimit;

const codec = new BodyCodec({ trusted: false });

function decode(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes);
  return codec.decode(new CodecStream(), buffer, 0, buffer.length);
}

function encode(value: unknown): Buffer {
  const room = Buffer.alloc(65_536);
  const { bytes, start, end } = codec.encode(new CodecStream(), value, room, 0);
  return Buffer.from(bytes.subarray(start, end));
}

function refusal(bytes: Uint8Array): TransportError | undefined {
  try {
    decode(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof TransportError && error.code === 'ERR_TROUPE_FRAME_CORRUPT') return error;
    throw error;
  }
}

/** Bodies of every kind that is sent; their texts are what no error may tell. */
const CORPUS = [
  SECRET,
  { [SECRET]: SECRET, n: 1 },
  [{ a: 1, b: SECRET }, { a: 2, b: [SECRET] }, { c: { a: 3, b: -0 } }],
  new Map<unknown, unknown>([
    [SECRET, new Set([SECRET, 2n ** 60n])],
    [1.5, null],
  ]),
  [new Date(0), new Date(-1.5e12), new Date(8.64e15), '\ud800', undefined],
  [Uint8Array.of(1, 2, 3), Float64Array.of(1, 2), BigInt64Array.of(5n), new ArrayBuffer(9)],
  Array.from({ length: 40 }, (_, index) => ({ [`${SECRET}${index % 20}`]: index * 1e6 })),
  Buffer.from(SECRET.repeat(50)).toString('latin1'),
].map(encode);

/** Bytes that begin something. */
const OPENERS = [
  0x40, 0x41, 0x72, 0x80, 0x81, 0x90, 0x91, 0xc0, 0xc1, 0xc7, 0xc8, 0xc9, 0xca, 0xd3, 0xd4, 0xd5, 0xd6, 0xd8,
  0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff,
];

function mutant(next: (bound: number) => number): Buffer {
  const pick = (): Buffer => CORPUS[next(CORPUS.length)] as Buffer;
  let bytes = Buffer.from(pick());
  for (let change = next(4); change >= 0; change -= 1) {
    const at = next(bytes.length + 1);
    switch (next(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = next(256);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = OPENERS[next(OPENERS.length)] as number;
        break;
      case 2:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << next(8));
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(next(bytes.length + 1))]);
        break;
      case 5: {
        const other = pick();
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(next(other.length))]);
        break;
      }
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(next(256), next(256)), bytes.subarray(at)]);
    }
    bytes = Buffer.from(bytes.subarray(0, 4096));
  }
  return bytes;
}

function random(next: (bound: number) => number): Buffer {
  return Buffer.from(
    Array.from(
      { length: next(60) },
      () => (next(3) === 0 ? OPENERS[next(OPENERS.length)] : next(256)) as number,
    ),
  );
}

describe('decoding the bytes of an untrusted peer', () => {
  beforeAll(() => {
    // Most of the time would go into stacks that nobody reads.
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = DEFAULT_STACK;
  });

  it.each([
    ['damaged bodies', mutant],
    ['random bytes', random],
  ])(`ends in a body or a refusal for ${INPUTS / 2} inputs of %s`, (_what, make) => {
    const next = numbers(2026);
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    let decoded = 0;
    let refused = 0;
    const told = new Set<string>();
    for (let index = 0; index < INPUTS / 2; index += 1) {
      const error = refusal(make(next));
      if (error === undefined) decoded += 1;
      else {
        refused += 1;
        told.add(inspect(error).replace(/\d+/g, '#'));
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
    expect(decoded).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
    // What is left of an error without its numbers is one of a few sentences: nothing of the input is in it.
    expect([...told].filter((text) => text.includes('hunt'))).toEqual([]);
    expect(told.size).toBeLessThan(40);
  });
});

/** `count` times `opener`, and what it opens. */
function tower(count: number, ...opener: number[]): Buffer {
  return Buffer.concat([...Array<Buffer>(count).fill(Buffer.from(opener)), Buffer.of(0xc0)]);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('a body of an untrusted peer', () => {
  it.each([
    ['arrays', [0x91]],
    ['maps', [0x81, 0xc0]],
    ['sets', [0xc7, 0x00, 0x73, 0x91]],
    ['objects', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61]],
    ['long arrays', [0xdc, 0x00, 0x01]],
    ['long maps', [0xdf, 0x00, 0x00, 0x00, 0x01, 0xc0]],
  ])('may nest %s 64 deep and no deeper', (_what, opener) => {
    expect(refusal(tower(64, ...opener))).toBeUndefined();
    for (const depth of [65, 66, 1000, 500_000]) {
      expect(refusal(tower(depth, ...opener))?.message).toMatch(/: nested deeper than 64 at byte \d+$/);
    }
  });

  it('of openings of sets without their arrays is refused, however many', () => {
    expect(refusal(tower(1_000_000, 0xc7, 0x00, 0x73))?.message).toContain(
      'type byte 199 in place of an array',
    );
  });

  it('may hold a million values and no more', () => {
    const array = (count: number): Buffer => {
      const bytes = Buffer.alloc(5 + count, 0xc0);
      bytes[0] = 0xdd;
      bytes.writeUInt32BE(count, 1);
      return bytes;
    };
    expect(decode(array(999_999))).toHaveLength(999_999);
    expect(refusal(array(1_000_000))?.message).toContain('more than 1000000 values');
    // Each of these takes no more bytes than a number does, and would become an object.
    expect(refusal(Buffer.concat([array(1), Buffer.alloc(5)]))).toBeDefined();
    const arrays = array(1_500_000).fill(0x90, 5);
    expect(refusal(arrays)?.message).toContain('more than 1000000 values');
  });

  it.each([
    ['an array', 'dd ffffffff'],
    ['a short array', '9f'],
    ['a map', 'df ffffffff'],
    ['a text', 'db ffffffff'],
    ['bytes', 'c6 7fffffff'],
    ['an extension', 'c9 ffffffff 74'],
    ['a list of keys', 'd4 72 40 dd ffffffff'],
    ['a set', 'c7 00 73 dd ffffffff'],
    ['an array inside of another', '92 c0 dc ffff c0'],
  ])('that announces more of %s than there is, is refused before anything is made of it', (_what, bytes) => {
    expect(refusal(hex(bytes))?.message).toMatch(
      /\d+ (values|bytes) announced, \d+( bytes)? left at byte \d+$/,
    );
  });

  it.each([
    ['nothing', '', /1 bytes announced, 0 left at byte 0$/],
    ['more than one value', 'c0 c0', /1 bytes too many at byte 1$/],
    ['a byte that means nothing', 'c1', /type byte 193/],
    ['a regular expression', 'c7 04 78 92 a1 61 a0', /extension type 120/],
    ['an error', 'd4 65 00', /extension type 101/],
    ['a pointer into the body', 'd6 70 00000000', /extension type 112/],
    ['an object that is pointed to', 'd6 69 00000001', /extension type 105/],
    ['bundled texts', 'd6 62 00000000', /extension type 98/],
    ['an unknown extension', 'd4 01 00', /extension type 1 /],
    ['an object of a shape that was not described', '40', /record 64 without a definition/],
    ['a shape of too many bytes', 'd5 72 4040 90', /a record definition of 2 bytes/],
    ['a shape under a number that is none', 'd4 72 00 90', /a definition of record 0 /],
    ['a shape without keys', 'd4 72 40 c0', /type byte 192 in place of an array/],
  ])('of %s is refused', (_what, bytes, text) => {
    expect(refusal(hex(bytes))?.message).toMatch(text);
  });

  it('cannot reach the prototypes', () => {
    const polluted = 'd4 72 40 91 a9 5f5f70726f746f5f5f 81 a1 78 01'; // { __proto__: { x: 1 } } as a record
    for (const bytes of [polluted, `92 ${polluted} 40 81 a1 78 01`, `93 ${polluted} 40 c0 40 c0`]) {
      refusal(hex(bytes));
      expect(({} as { x?: unknown }).x).toBeUndefined();
    }
  });

  it.each(['d4 72 40 92 a1 61 a1 62 d4 72 00 91 a1 63 01 02', 'd4 72 40 91 a1 61 d4 72 c0 90 40 01'])(
    'means the same to the check and to the decoder: %s',
    (bytes) => {
      expect(refusal(hex(bytes))?.message).toContain('a definition of record');
    },
  );

  it('names no class of ours into being', () => {
    const got = decode(hex('d4 72 40 92 ab 636f6e7374727563746f72 a4 6e616d65 01 a1 61')) as object;
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
    expect(got).toEqual({ constructor: 1, name: 'a' });
  });
});
