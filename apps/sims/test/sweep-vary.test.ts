import type { ParamSpecs } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseVary, pointAt, pointCount } from '../src/sweep/vary.ts';

const specs: ParamSpecs = {
  count: { type: 'integer', default: 1, min: -100, max: 1000, help: '' },
  share: { type: 'number', default: 1, min: -5, max: 1e6, help: '' },
  side: { type: 'text', default: 'left', choices: ['left', 'right'], help: '' },
  name: { type: 'text', default: '', help: '' },
  flag: { type: 'boolean', default: false, help: '' },
};

const valuesOf = (text: string) => parseVary(text, specs).values;

describe('values of a parameter', () => {
  test.each([
    ['count=7', [7]],
    ['count=1..5', [1, 2, 3, 4, 5]],
    ['count=3..1', [3, 2, 1]],
    ['count=-2..1', [-2, -1, 0, 1]],
    ['count=4..4', [4]],
    ['count=0..10:5', [0, 5, 10]],
    ['count=0..11:5', [0, 5, 10]],
    ['count=10..0:-5', [10, 5, 0]],
    ['count=1..10/4', [1, 4, 7, 10]],
    ['count=1..10/3', [1, 6, 10]],
    ['count=1..3,10,2..4', [1, 2, 3, 10, 4]],
    ['share=0..1:0.1', [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ['share=0..1/5', [0, 0.25, 0.5, 0.75, 1]],
    ['share=.5..1.5', [0.5, 1.5]],
    ['share=1e3,-2.5', [1000, -2.5]],
    ['side=left,right', ['left', 'right']],
    ['name=a..b,=,c d', ['a..b', '=', 'c d']],
    ['flag=true,false', [true, false]],
  ] as const)('%s', (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  test.each([
    ['count', /give NAME=VALUES/],
    ['count=', /give NAME=VALUES/],
    ['=3', /give NAME=VALUES/],
    ['size=3', /no parameter size; it has: count, share/],
    ['count=few', /"few" is neither a number nor a range/],
    ['count=1,,2', /"" is neither a number/],
    ['count=1..', /"1\.\." is neither/],
    ['count=1..5:-1', /no steps of -1 lead from 1 to 5/],
    ['count=1..5:0', /no steps of 0/],
    ['share=0..1:1e-9', /no steps of 1e-9 .* or too many/],
    ['count=1..5/1', /how many values/],
    ['count=1..5/2.5', /how many values/],
    ['flag=maybe', /neither true nor false/],
    // What the model itself says of its parameters.
    ['count=1..1001', /parameter count is 1001: give a whole number from -100 to 1000/],
    ['count=1.5', /parameter count is 1.5/],
    ['side=left,up', /parameter side is "up": give one of left, right/],
  ])('%s is refused', (text, message) => {
    expect(() => valuesOf(text)).toThrow(message);
  });
});

test('the points are the cross product, the last parameter varying fastest', () => {
  const values = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(values, { maxLength: 4 }), (lists) => {
      const varied = lists.map((list, index) => ({ name: `p${index}`, values: list }));
      let expected: Record<string, number>[] = [{}];
      for (const { name, values: list } of varied) {
        expected = expected.flatMap((point) => list.map((value) => ({ ...point, [name]: value })));
      }
      expect(pointCount(varied)).toBe(expected.length);
      expect(Array.from(expected, (_, number) => pointAt(varied, number))).toEqual(expected);
    }),
  );
});
