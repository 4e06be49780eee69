import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyCodec, CodecStream } from '../src/codec.ts';
import { SHAPED } from '../src/shapes.ts';

/** One direction of a link: what is written is read, in order. */
class Link {
  readonly codec = new BodyCodec({ trusted: true });
  readonly out = new CodecStream();
  readonly in = new CodecStream();
  readonly buffer = Buffer.alloc(64 * 1024);
  /** The first byte of the last body, and how long it was. */
  first = 0;
  length = 0;

  pass(body: unknown): unknown {
    const { bytes, start, end } = this.codec.encode(this.out, body, this.buffer, 8);
    this.first = bytes[start] as number;
    this.length = end - start;
    // What is free behind it may hold anything.
    const copy = Buffer.concat([Buffer.from([1, 2, 3]), bytes.subarray(start, end), Buffer.alloc(9, 0xff)]);
    return this.codec.decode(this.in, copy, 3, 3 + this.length);
  }
}

const KEYS = ['id', 'price', 'side', 'name', 'open', '7', 'ключ', 'a b', 'constructor'];

const flat = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(...KEYS),
      fc.oneof(
        fc.double(),
        fc.integer(),
        fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY),
        fc.boolean(),
        fc.constantFrom('', 'buy', 'sell', 'lone \ud800', 'größer', 'x'.repeat(64), 'x'.repeat(65)),
        fc.string(),
      ),
    ),
    { selector: ([key]) => key, maxLength: 6 },
  )
  .map((entries) => Object.fromEntries(entries));

const body = fc.oneof(
  { arbitrary: flat, weight: 5 },
  {
    arbitrary: fc.record({ nested: flat, list: fc.array(flat, { maxLength: 2 }) }, { noNullPrototype: true }),
    weight: 1,
  },
  { arbitrary: fc.constantFrom(null, undefined, 'text', 5, [1, 2], { none: null }), weight: 1 },
);

/** What tells two bodies apart: values to the bit, and the order of keys. */
function told(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'number') return Object.is(member, -0) ? '-0' : String(member);
    if (member === undefined) return 'undefined';
    if (typeof member === 'object' && member !== null && !Array.isArray(member))
      return Object.entries(member);
    return member;
  });
}

describe('flat records', () => {
  it('arrive as they were sent, in whatever order shapes come', () => {
    fc.assert(
      fc.property(fc.array(body, { maxLength: 60 }), (bodies) => {
        const link = new Link();
        for (const sent of bodies) expect(told(link.pass(sent))).toBe(told(sent));
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('are described once', () => {
    const link = new Link();
    link.pass({ id: 1, side: 'buy', open: true });
    expect(link.first).toBe(SHAPED);
    const described = link.length;
    expect(link.pass({ id: 2, side: 'sell', open: false })).toEqual({ id: 2, side: 'sell', open: false });
    expect([link.first, link.length]).toEqual([SHAPED, 2 + 8 + 5 + 1]);
    expect(described).toBeGreaterThan(link.length);
  });

  it('arrive when there are more shapes, fields or bytes than have a form of their own', () => {
    const link = new Link();
    for (let shape = 0; shape < 40; shape += 1) {
      const sent = { [`key ${shape}`]: shape };
      expect(link.pass(sent)).toEqual(sent);
      expect(link.first === SHAPED).toBe(shape < 16);
    }
    const other = new Link();
    const wide = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`field ${index}`, index]));
    const named = { ['k'.repeat(3000)]: 1 };
    for (const sent of [wide, named, {}]) {
      expect(other.pass(sent)).toEqual(sent);
      expect(other.first).not.toBe(SHAPED);
    }
  });

  it('are looked for no longer where bodies hardly ever are flat', () => {
    const link = new Link();
    link.pass({ id: 1 });
    for (let time = 0; time < 300; time += 1) link.pass({ id: [time] });
    expect(link.pass({ id: 2 })).toEqual({ id: 2 });
    expect(link.first).not.toBe(SHAPED);
  });

  it('cannot be read from the middle of a stream', () => {
    const link = new Link();
    link.pass({ id: 1 });
    const { bytes, start, end } = link.codec.encode(link.out, { id: 2 }, link.buffer, 0);
    expect(() => link.codec.decode(new CodecStream(), bytes, start, end)).toThrowError(
      expect.objectContaining({ code: 'ERR_TROUPE_FRAME_CORRUPT' }),
    );
  });

  it('hold neither functions nor a prototype of their own', () => {
    const link = new Link();
    link.pass({ id: 1 });
    expect(() => link.pass({ id: () => 1 })).toThrowError(/function/);
    expect(() => link.pass(Object.assign(Object.create(null), { id: 1 }))).toThrowError(/prototype/);
    expect(() => link.pass(JSON.parse('{"__proto__": 1}'))).toThrowError(/__proto__/);
  });
});
