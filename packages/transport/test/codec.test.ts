import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyCodec, CodecStream, copyBody, FRAME_LIMIT } from '../src/index.ts';
import { body, Link } from './fixtures/bodies.ts';

class Point {
  readonly x = 1;
}

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

/** `value` inside of so many arrays, sets, maps or objects. */
function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'inside';
  for (let level = 0; level < depth; level += 1) value = wrap(value);
  return value;
}

function depthOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? 1 + depthOf(Object.values(value)[0]) : 0;
}

const SURVIVORS: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  zeros: [0, -0, { minus: -0 }],
  'a body that is -0': -0,
  'numbers that are none': [Number.NaN, Infinity, -Infinity],
  'numbers around every width': [7, 8, 15, 16, 31, 32, 53, 63].flatMap((bits) => [
    2 ** bits - 1,
    2 ** bits,
    -(2 ** bits),
    -(2 ** bits) - 1,
  ]),
  'the smallest and largest numbers': [Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 0.1, 1 / 3],
  'bigints of 64 bits': [0n, 5n, -5n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n],
  'texts of every length of length': [0, 31, 32, 255, 256, 65_535, 65_536].map((length) =>
    'ä'.repeat(length),
  ),
  'lone surrogates': [
    '\ud800',
    'a\udc00b',
    { text: '\udfff\ud800' },
    new Map([['\ud800', '\udbff']]),
    new Set(['\udfff']),
  ],
  'pairs of surrogates and zeros': ['🎭', '\0', 'a\0b', '\ufeffbom', '\uffff'],
  'dates before and after 1970': [
    0,
    -1,
    1,
    -62_135_596_800_000,
    8.64e15,
    -8.64e15,
    2 ** 32 * 1000,
    2 ** 34 * 1000,
    999,
  ].map((time) => new Date(time)),
  'undefined in objects and arrays': {
    a: undefined,
    b: [undefined, null],
    c: new Map([[undefined, undefined]]),
  },
  'nothing in any form': [[], {}, new Map(), new Set(), '', new Uint8Array(), new ArrayBuffer(0)],
  'maps and sets within each other': new Map<unknown, unknown>([
    [{ key: 1 }, new Set([new Map([[1, new Set([2])]])])],
    [[1, 2], { deep: new Map([['x', -0]]) }],
    [Number.NaN, 1n],
  ]),
  'typed arrays': [
    Int8Array.of(-128, 127),
    Uint8Array.of(0, 255),
    Uint8ClampedArray.of(255),
    Int16Array.of(-32_768),
    Uint16Array.of(65_535),
    Int32Array.of(-(2 ** 31)),
    Uint32Array.of(2 ** 32 - 1),
    Float32Array.of(-0, 1.5, Infinity),
    Float64Array.of(-0, 0.1, Number.NaN),
    BigInt64Array.of(-(2n ** 63n)),
    BigUint64Array.of(2n ** 64n - 1n),
    Uint8Array.of(1, 2, 3).buffer,
  ],
  'a part of a typed array': new Float64Array([1, 2, 3, 4]).subarray(1, 3),
  'keys that mean something elsewhere': {
    constructor: 1,
    toString: 2,
    hasOwnProperty: 3,
    valueOf: 4,
    __proto_: 5,
    '': 6,
    'a.b': 7,
    'ä\0🎭': 8,
  },
  'keys that are numbers': { 10: 'a', 2: 'b', '-1': 'c', 1.5: 'd' },
  'one object twice': (() => {
    const twice = { x: 1 };
    return [twice, twice];
  })(),
  'arrays as deep as may be': nested(64, (inner) => [inner]),
  'objects as deep as may be': nested(64, (inner) => ({ inner })),
  'objects of different shapes as deep as may be': nested(64, (inner) => ({ [`a${depthOf(inner)}`]: inner })),
  'maps as deep as may be': nested(64, (inner) => new Map([['inner', inner]])),
  'sets as deep as may be': nested(64, (inner) => new Set([inner])),
  'objects of many shapes': Array.from({ length: 300 }, (_, index) => ({
    [`only${index}`]: index,
    all: index,
  })),
  'an object with many keys': Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`key${index}`, index]),
  ),
};

const REFUSED: Readonly<Record<string, readonly [value: unknown, text: RegExp]>> = {
  'a function': [() => {}, /^the body is function \(anonymous\): functions .* cannot be sent; send data/],
  'a named function in an object': [{ a: { call: Math.max } }, /^body\.a\.call is function max: /],
  'a class': [[Point], /^body\.0 is function Point: /],
  'a symbol': [{ s: Symbol('s') }, /^body\.s is Symbol\(s\): functions and symbols/],
  'an instance of a class': [{ at: [new Point()] }, /^body\.at\.0 is a value of class Point: .*plain object/],
  'an error': [new Error('no'), /^the body is a value of class Error: .*plain object/],
  'a regular expression': [/x/, /class RegExp/],
  'a promise': [Promise.resolve(), /class Promise/],
  'a weak map': [new WeakMap(), /class WeakMap/],
  'a proxy of a class': [new Proxy(new Point(), {}), /class Point/],
  'a Buffer': [{ b: Buffer.of(1) }, /^body\.b is a value of class Buffer: /],
  'a DataView': [new DataView(new ArrayBuffer(1)), /class DataView/],
  'shared memory': [new SharedArrayBuffer(1), /class SharedArrayBuffer/],
  'a boxed number': [Object(1), /class Number/],
  'an object without a prototype': [
    { o: Object.create(null) },
    /^body\.o is a value of class \(none\): .*\{ \.\.\.object \}/,
  ],
  'a cycle': [cyclic, /^body\.self\.self.* is a value of class Object: .*in a cycle; flatten/],
  'more than 64 arrays deep': [nested(65, (inner) => [inner]), /nested more than 64 deep/],
  'more than 64 sets deep': [nested(65, (inner) => new Set([inner])), /nested more than 64 deep/],
  'a hole': [{ list: Array(1) }, /^body\.list is .*element 0 is a hole; write undefined or null/],
  'a bigint over 64 bits': [
    { n: 2n ** 64n },
    /^body\.n is 18446744073709551616n: .*send larger ones as text/,
  ],
  'a bigint below 64 bits': [-(2n ** 63n) - 1n, /^the body is -9223372036854775809n: /],
  'a date that is none': [{ when: new Date(Number.NaN) }, /^body\.when is .*the date is invalid/],
  'the key __proto__': [JSON.parse('{"a":{"__proto__":1}}'), /^body\.a is .*__proto__ cannot be sent/],
  'a key with a lone surrogate': [{ 'a\ud800': 1 }, /a key holds a lone surrogate/],
  'a function as the key of a map': [new Map([[() => {}, 1]]), /is function/],
  'a symbol in a set': [new Set([Symbol('s')]), /is Symbol\(s\)/],
};

describe.each([true, false])('a codec that is trusted: %s', (trusted) => {
  it.each(Object.entries(SURVIVORS))('hands over %s as it was', (_what, value) => {
    const link = new Link(trusted);
    // Twice: a shape is described at its first time only.
    for (let time = 0; time < 2; time += 1) {
      const got = link.send(value);
      expect(got).toStrictEqual(value);
      expect(isDeepStrictEqual(got, value)).toBe(true);
    }
  });

  it('hands over any body as it was', () => {
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), (bodies) => {
        const link = new Link(trusted);
        for (const value of bodies) expect(isDeepStrictEqual(link.send(value), value)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('serves many links at a time, each with a stream of its own', () => {
    const bodies = fc.array(fc.tuple(fc.nat(2), body), { maxLength: 20 });
    fc.assert(
      fc.property(bodies, (sent) => {
        const sender = new BodyCodec({ trusted });
        const receiver = new BodyCodec({ trusted });
        const links = [0, 1, 2].map(() => new Link(trusted, 8192, sender, receiver));
        const late: (() => void)[] = [];
        for (const [index, value] of sent) {
          const link = links[index] as Link;
          const bytes = link.encode(value);
          late.push(() => expect(isDeepStrictEqual(link.decode(bytes), value)).toBe(true));
        }
        for (const check of late) check();
      }),
      { numRuns: 100 },
    );
  });

  it('hands over thousands of shapes, again and again', () => {
    const link = new Link(trusted);
    for (let index = 0; index < 6000; index += 1) {
      const value = { [`a${index % 1500}`]: index, [`b${index % 7}`]: { c: [index] } };
      expect(isDeepStrictEqual(link.send(value), value)).toBe(true);
    }
  });

  it.each([
    ['a long text', 'x'.repeat(2_000_000)],
    ['a long text of wide characters', '🎭'.repeat(200_000)],
    ['many numbers', Array.from({ length: 100_000 }, (_, index) => index * 1.1)],
    ['many bytes', new Uint8Array(3_000_000).fill(7)],
    ['many objects', Array.from({ length: 50_000 }, (_, index) => ({ index, name: `n${index}` }))],
  ])('hands over %s, whatever room there was', (_what, value) => {
    for (const room of [2048, 65_536]) {
      const link = new Link(trusted, room);
      expect(isDeepStrictEqual(link.send({ value }), { value })).toBe(true);
      expect(link.send({ value: 'short' })).toStrictEqual({ value: 'short' });
    }
  });

  it('writes nothing outside of its room', () => {
    const bytes = Buffer.alloc(8192, 0xee);
    const codec = new BodyCodec({ trusted });
    const { start, end, bytes: target } = codec.encode(new CodecStream(), { a: 'b'.repeat(100) }, bytes, 64);
    expect(target).toBe(bytes);
    expect(start).toBe(64);
    expect(bytes.subarray(0, start).every((byte) => byte === 0xee)).toBe(true);
    // The codec may have room for its own use behind the body, but does not write there later.
    const after = Buffer.from(bytes);
    codec.encode(new CodecStream(), { c: 1 }, Buffer.alloc(8192), 0);
    expect(bytes.equals(after)).toBe(true);
    expect(end).toBeGreaterThan(start + 100);
  });

  it.each(Object.entries(REFUSED))('refuses %s, and says where and what to do', (_what, [value, text]) => {
    const link = new Link(trusted);
    expect(link.send({ shape: 1 })).toStrictEqual({ shape: 1 });
    expect(() => link.encode(value)).toThrow(
      expect.objectContaining({
        name: 'TransportError',
        code: 'ERR_TROUPE_BODY_NOT_ENCODABLE',
        message: expect.stringMatching(text),
      }),
    );
    expect(link.send([{ shape: 2 }, { other: 3 }])).toStrictEqual([{ shape: 2 }, { other: 3 }]);
  });

  it('refuses a body over the limit with both sizes, and the stream goes on', () => {
    const link = new Link(trusted);
    const text = 'x'.repeat(FRAME_LIMIT);
    expect(link.send([{ first: 1 }, { second: 2 }])).toStrictEqual([{ first: 1 }, { second: 2 }]);
    expect(() => link.encode({ newShape: text })).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_FRAME_TOO_LARGE',
        message: expect.stringMatching(/body of 167\d{5} bytes is over the limit of 16776192/),
      }),
    );
    for (const value of [{ second: 2 }, { newShape: 'short' }, { first: 1 }, { another: 3 }, { second: 4 }]) {
      expect(link.send(value)).toStrictEqual(value);
    }
  });

  it('lets pass what a getter throws, and the stream goes on', () => {
    const link = new Link(trusted);
    const value = {
      fine: { inner: 1 },
      get bad(): never {
        throw new Error('from the getter');
      },
    };
    expect(() => link.encode(value)).toThrow('from the getter');
    expect(link.send({ fine: { inner: 2 } })).toStrictEqual({ fine: { inner: 2 } });
  });

  it('refuses bytes that were cut, without their content, and the stream goes on', () => {
    const link = new Link(trusted);
    link.send({ secret: 1, list: [1] });
    const bytes = link.encode({ secret: 'hunter2', list: [1, 2, 3] });
    for (let length = 0; length < bytes.length; length += 1) {
      try {
        link.decode(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_TROUPE_FRAME_CORRUPT' });
        expect((error as Error).message).not.toContain('hunter');
      }
    }
    expect(link.decode(bytes)).toStrictEqual({ secret: 'hunter2', list: [1, 2, 3] });
  });
});

describe('a thorough codec', () => {
  const members = Object.assign([1, 2], { extra: 3 });
  it.each<[string, unknown, RegExp]>([
    ['a key that is a symbol', { a: [{ [Symbol('hidden')]: 1 }] }, /a key is a symbol; use text/],
    ['a member of an array', new Map([[1, new Set([members])]]), /an array has members beside its elements/],
  ])('refuses %s, which would be lost without a trace', (_what, value, text) => {
    const room = Buffer.alloc(8192);
    const encode = (codec: BodyCodec): unknown => codec.encode(new CodecStream(), value, room, 0);
    expect(() => encode(new BodyCodec({ trusted: true, thorough: true }))).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_BODY_NOT_ENCODABLE',
        message: expect.stringMatching(text),
      }),
    );
    expect(() => encode(new BodyCodec({ trusted: true }))).not.toThrow();
  });

  it('takes every body that any other takes', () => {
    const codec = new BodyCodec({ trusted: true, thorough: true });
    fc.assert(
      fc.property(body, (value) => {
        codec.encode(new CodecStream(), value, Buffer.alloc(8192), 0);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what contains itself many times, and does not look for ever', () => {
    const codec = new BodyCodec({ trusted: true, thorough: true });
    const knot: unknown[] = [];
    knot.push(knot, knot, knot);
    expect(() => codec.encode(new CodecStream(), knot, Buffer.alloc(8192), 0)).toThrow('in a cycle');
  });
});

describe('a copy of a body', () => {
  it('equals it, and shares nothing with it', () => {
    fc.assert(
      fc.property(body, (value) => {
        const copy = copyBody(value);
        expect(isDeepStrictEqual(copy, value)).toBe(true);
        const objects = new Set<unknown>();
        collect(value, objects);
        const shared = new Set<unknown>();
        collect(copy, shared);
        expect([...objects].filter((object) => shared.has(object))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

function collect(value: unknown, into: Set<unknown>): void {
  if (typeof value !== 'object' || value === null) return;
  into.add(value);
  if (ArrayBuffer.isView(value)) into.add(value.buffer);
  else if (value instanceof Map) for (const pair of value) for (const part of pair) collect(part, into);
  else if (value instanceof Set) for (const element of value) collect(element, into);
  else for (const element of Object.values(value)) collect(element, into);
}
