import { expect, test } from 'vitest';
import { choose } from '../src/choose.ts';
import { parseOptions, UsageError } from '../src/command-line.ts';
import { SUITES } from '../src/suites.ts';

test('without options a suite has five runs of a second each', () => {
  expect(parseOptions(['kernel'])).toEqual({
    suite: 'kernel',
    only: undefined,
    runs: 5,
    seconds: 1,
    lookahead: 0.1,
    cpu: false,
    external: [],
    json: false,
    smoke: false,
  });
});

test('a smoke test has one run and measures for no time', () => {
  expect(parseOptions(['--smoke', '--runs', '7', '--seconds', '3'])).toMatchObject({ runs: 1, seconds: 0 });
});

test('an external contestant is split at the first equals sign, and there may be several', () => {
  const args = ['--external', 'ross=mpirun -np 1 phold --end=300', '--external', ' b = c '];
  expect(parseOptions(args).external).toEqual([
    { name: 'ross', command: 'mpirun -np 1 phold --end=300' },
    { name: 'b', command: 'c' },
  ]);
});

test('a suite has all its cases, and an external contestant comes last', () => {
  const options = parseOptions(['parallel', '--external', 'guest=true']);
  const chosen = choose(SUITES, options, () => {});
  expect(chosen.map(({ entry }) => entry.name)).toEqual([
    'phold-100',
    'phold-1000',
    'phold-10000',
    'airline',
  ]);
  for (const { entry } of chosen) expect(entry.contestants.at(-1)?.name).toBe('guest');
});

test.each([
  [['kernle', '--smoke'], 'there is no suite "kernle"'],
  [['kernel', '--case', 'phold', '--smoke'], 'there is no case "phold"'],
  [['kernel', 'threads'], 'one suite at a time'],
  [['kernel', '--runs', '0'], '--runs is "0": give a whole number from 1 to 1000'],
  [['kernel', '--runs', '2.5'], '--runs is "2.5": give a whole number'],
  [['kernel', '--seconds', ''], '--seconds is "": give a number from 0.1'],
  [['kernel', '--lookahead', '1'], '--lookahead is "1": give a number from 0.001 to 0.999'],
  [['kernel', '--external', 'ross'], '--external is "ross": give NAME=COMMAND'],
  [['kernel', '--external', '=ross'], '--external is "=ross": give NAME=COMMAND'],
  [
    ['kernel', '--case', 'ping-pong', '--external', 'a=b'],
    'case ping-pong is in messages/s; choose one in events/s',
  ],
  [['kernel', '--case', 'phold-16k', '--external', 'troupe=b'], 'has a contestant of that name'],
  [['kernel', '--cpu', '--external', 'a=b'], '--external tells seconds of the clock on the wall'],
  [['kernel', '--fast'], "Unknown option '--fast'"],
])('%j is refused with the remedy', (args, text) => {
  const refuse = (): unknown => choose(SUITES, parseOptions(args), () => {});
  expect(refuse).toThrow(UsageError);
  expect(refuse).toThrow(text);
});
