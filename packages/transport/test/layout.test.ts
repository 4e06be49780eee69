import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FieldType, type Layout, type LayoutSpec, layout } from '../src/index.ts';
import { interpretedLayout } from '../src/layout.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const AT = 24;

type Coder = Pick<Layout, 'encode' | 'decode'>;

/** Writes a body with rubbish around it; answers what was written, and checks that nothing else was. */
function written(coder: Coder, body: unknown, room: number): Buffer {
  const bytes = Buffer.alloc(AT + room + 32, 0xee);
  const end = coder.encode(body, viewOf(bytes), bytes, AT);
  expect(end - AT).toBeLessThanOrEqual(room);
  expect([...bytes.subarray(0, AT), ...bytes.subarray(end)].every((byte) => byte === 0xee)).toBe(true);
  return bytes.subarray(AT, end);
}

function read(coder: Coder, body: Buffer): unknown {
  const bytes = Buffer.concat([Buffer.alloc(5, 0xee), body, Buffer.alloc(5, 0xee)]);
  return coder.decode(viewOf(bytes), bytes, 5);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function refusal(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ name: 'TransportError', code: 'ERR_TROUPE_LAYOUT_VALUE' });
    return (error as Error).message;
  }
}

const integers = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
/** Every field type with the values that it takes. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  f64: fc.double(),
  f32: fc.float(),
  i32: integers(-(2 ** 31), 2 ** 31 - 1),
  u32: integers(0, 2 ** 32 - 1),
  i16: integers(-(2 ** 15), 2 ** 15 - 1),
  u16: integers(0, 2 ** 16 - 1),
  i8: integers(-128, 127),
  u8: integers(0, 255),
  bool: fc.boolean(),
  'string(1)': fc.constantFrom('', 'a', '\0', '\x7f'),
  'string(8)': fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 2 })),
  'string(255)': fc.string({ unit: 'binary', maxLength: 60 }),
  'f64[3]': fc.float64Array({ maxLength: 3 }),
  'f32[5]': fc.float32Array({ maxLength: 5 }),
  'i32[4]': fc.int32Array({ maxLength: 4 }),
  'u32[1]': fc.uint32Array({ maxLength: 1 }),
  'i16[7]': fc.int16Array({ maxLength: 7 }),
  'u16[2]': fc.uint16Array({ maxLength: 2 }),
  'i8[9]': fc.int8Array({ maxLength: 9 }),
  'u8[300]': fc.uint8Array({ maxLength: 300 }),
};

const fieldType = fc.constantFrom(...Object.keys(VALUES)) as fc.Arbitrary<FieldType>;
const fieldName = fc
  .oneof(fc.string(), fc.constantFrom('constructor', 'a b', '"];', 'toString', '7', 'body', 'v0'))
  .filter((name) => name !== '__proto__');
const spec: fc.Arbitrary<LayoutSpec> = fc.oneof(
  fieldType,
  fc.dictionary(fieldName, fieldType, { maxKeys: 8, noNullPrototype: true }),
);
const specAndBody = spec.chain((declared) => fc.tuple(fc.constant(declared), bodyOf(declared)));

function bodyOf(declared: LayoutSpec): fc.Arbitrary<unknown> {
  if (typeof declared === 'string') return VALUES[declared] as fc.Arbitrary<unknown>;
  const fields = Object.entries(declared).map(([name, type]) => [name, VALUES[type]]);
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

describe('a layout', () => {
  it('gives back any body of its spec, and both ways to write it agree byte by byte', () => {
    fc.assert(
      fc.property(specAndBody, ([declared, body]) => {
        const compiled = layout(declared) as Layout;
        const interpreted = interpretedLayout(declared);
        const bytes = written(compiled, body, compiled.maxBytes);
        expect(bytes.equals(written(interpreted, body, compiled.maxBytes))).toBe(true);
        for (const coder of [compiled, interpreted]) {
          expect(isDeepStrictEqual(read(coder, bytes), body)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes or refuses anything alike, compiled or not', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
    });
    const wrong = spec.chain((declared) =>
      fc.tuple(
        fc.constant(declared),
        typeof declared === 'string'
          ? anything
          : fc.oneof(anything, fc.dictionary(fc.constantFrom(...Object.keys(declared), 'x'), anything)),
      ),
    );
    fc.assert(
      fc.property(wrong, ([declared, body]) => {
        const compiled = layout(declared) as Layout;
        const outcome = (coder: Coder): string | undefined =>
          refusal(() => written(coder, body, compiled.maxBytes));
        expect(outcome(compiled)).toBe(outcome(interpretedLayout(declared)));
      }),
      { numRuns: 2000 },
    );
  });

  it('may hold numbers at the ends of their ranges, and texts at the ends of their lengths', () => {
    const all = layout({
      i32: 'i32',
      u32: 'u32',
      i16: 'i16',
      u16: 'u16',
      i8: 'i8',
      u8: 'u8',
      f64: 'f64',
      text: 'string(255)',
    });
    const low = { i32: -(2 ** 31), u32: 0, i16: -(2 ** 15), u16: 0, i8: -128, u8: 0, f64: -0, text: '' };
    const high = {
      i32: 2 ** 31 - 1,
      u32: 2 ** 32 - 1,
      i16: 2 ** 15 - 1,
      u16: 2 ** 16 - 1,
      i8: 127,
      u8: 255,
      f64: Number.NaN,
      text: `${'ä'.repeat(127)}x`,
    };
    for (const body of [low, high])
      expect(read(all as Layout, written(all as Layout, body, all.maxBytes))).toStrictEqual(body);
  });

  it('rounds an f32 to single precision', () => {
    const single = layout('f32') as Layout;
    expect(read(single, written(single, 0.1, 4))).toBe(Math.fround(0.1));
  });

  it('reads arrays into memory of their own', () => {
    const array = layout('f64[2]') as Layout;
    const bytes = written(array, Float64Array.of(1, 2), array.maxBytes);
    const got = read(array, bytes) as Float64Array;
    bytes.fill(0);
    expect(got).toStrictEqual(Float64Array.of(1, 2));
    expect(got.buffer.byteLength).toBe(16);
  });

  it('tells how many bytes a body takes at most', () => {
    expect(layout('f64').maxBytes).toBe(8);
    expect(layout({ seats: 'u16', tail: 'string(8)', position: 'f64[3]', on: 'bool' }).maxBytes).toBe(
      2 + 9 + 26 + 1,
    );
    expect(layout({}).maxBytes).toBe(0);
  });

  it('does the same where no code may be made from strings', () => {
    vi.stubGlobal('Function', function refuse() {
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    const flight = layout({ seats: 'u16', tail: 'string(8)' });
    const body = { seats: 300, tail: 'D-ABYZ' };
    expect(read(flight as Layout, written(flight as Layout, body, flight.maxBytes))).toStrictEqual(body);
    expect(refusal(() => written(flight as Layout, { seats: -1, tail: '' }, 11))).toContain(
      'body.seats is -1',
    );
  });
});

describe('a value that a layout does not take', () => {
  it.each<[LayoutSpec, string, unknown]>([
    [{ seats: 'u16' }, 'body.seats is -1, declared as u16: ', { seats: -1 }],
    [{ seats: 'u16' }, 'body.seats is 65536, declared as u16: ', { seats: 65_536 }],
    [{ seats: 'u16' }, 'body.seats is 1.5, declared as u16: ', { seats: 1.5 }],
    [{ seats: 'u16' }, 'body.seats is undefined, declared as u16: ', {}],
    [{ seats: 'u16' }, 'the body is null, declared as an object: ', null],
    [{ seats: 'u16' }, 'the body is 7, declared as an object: ', 7],
    [{ n: 'i32' }, 'body.n is 2147483648, declared as i32: ', { n: 2 ** 31 }],
    [{ n: 'i32' }, 'body.n is NaN, declared as i32: ', { n: Number.NaN }],
    [{ n: 'u32' }, 'body.n is 5n, declared as u32: ', { n: 5n }],
    [{ n: 'i8' }, 'body.n is "5", declared as i8: ', { n: '5' }],
    [{ n: 'f64' }, 'body.n is "5", declared as f64: ', { n: '5' }],
    [{ n: 'f32' }, 'body.n is null, declared as f32: ', { n: null }],
    [{ on: 'bool' }, 'body.on is 1, declared as bool: ', { on: 1 }],
    [{ t: 'string(4)' }, 'body.t is "fünf", declared as string(4): ', { t: 'fünf' }],
    [{ t: 'string(4)' }, 'body.t is "five!", declared as string(4): ', { t: 'five!' }],
    [{ t: 'string(4)' }, 'body.t is 4, declared as string(4): ', { t: 4 }],
    [{ t: 'string(4)' }, 'body.t is "\\ud800", declared as string(4): ', { t: '\ud800' }],
    [{ a: 'f64[2]' }, 'body.a is a value of class Array, declared as f64[2]: ', { a: [1, 2] }],
    [
      { a: 'f64[2]' },
      'body.a is a value of class Float32Array, declared as f64[2]: ',
      { a: new Float32Array(2) },
    ],
    [
      { a: 'f64[2]' },
      'body.a is a value of class Float64Array, declared as f64[2]: ',
      { a: new Float64Array(3) },
    ],
    ['u8', 'the body is 256, declared as u8: ', 256],
    ['string(255)', `the body is "${'x'.repeat(76)}..., declared as string(255): `, 'x'.repeat(256)],
  ])('of a layout %j: %s', (declared, text, body) => {
    const made = layout(declared) as Layout;
    for (const coder of [made, interpretedLayout(declared)]) {
      expect(refusal(() => written(coder, body, made.maxBytes))).toBe(
        `${text}send a value of that type or change the layout`,
      );
    }
  });
});

describe('a spec', () => {
  const types = [
    'f16',
    '',
    'F64',
    'string',
    'string(0)',
    'string(256)',
    'string(-1)',
    'string(x)',
    'string[4]',
    'f64[0]',
    'f64[]',
    'f64[40000]',
    'bool[3]',
    ' f64',
    'toString',
    '__proto__',
    'constructor',
    7,
    null,
    undefined,
    ['f64'],
    {},
  ];
  it.each(types)('with a field of type %j is refused, naming the field', (type) => {
    expect(() => layout({ good: 'f64', bad: type as FieldType })).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_LAYOUT_SPEC',
        message: expect.stringMatching(/^field "bad" is declared as .*: give f64, /),
      }),
    );
  });

  it.each(['f16', '', 'string(256)', null, undefined, 7, () => {}])('that is %s is refused', (declared) => {
    expect(() => layout(declared as unknown as LayoutSpec)).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_LAYOUT_SPEC',
        message: expect.stringMatching(/^the layout is declared as /),
      }),
    );
  });

  it('with a field that is called __proto__ is refused', () => {
    expect(() => layout(JSON.parse('{"__proto__":"f64"}') as LayoutSpec)).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_LAYOUT_SPEC',
        message: expect.stringContaining('__proto__'),
      }),
    );
  });

  it('of more than 32 KiB is refused with both sizes', () => {
    expect(layout({ a: 'f64[4000]', b: 'u8[764]' }).maxBytes).toBe(32_768);
    expect(() => layout({ a: 'f64[4000]', b: 'u8[765]' })).toThrow(
      expect.objectContaining({
        code: 'ERR_TROUPE_LAYOUT_SPEC',
        value: 32_769,
        message: expect.stringMatching(/32769 bytes, over the limit of 32768/),
      }),
    );
  });
});
