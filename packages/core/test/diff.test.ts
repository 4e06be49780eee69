import { diffLogs, type EventRecord, fromNdjson, Simulation, SimulationError, toNdjson } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const event = (fields: Partial<EventRecord> = {}): EventRecord => ({
  time: 1,
  round: 0,
  to: 'ben',
  from: 'anna',
  topic: 'ball',
  body: { hits: 1 },
  sentAt: 0.5,
  ...fields,
});

async function written(events: readonly EventRecord[]): Promise<string> {
  let text = '';
  for await (const line of toNdjson(events)) text += line;
  return text;
}

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

describe('two logs', () => {
  test('that are the same have nothing between them', async () => {
    expect(await diffLogs([], [])).toEqual({ equal: true, events: 0 });
    expect(await diffLogs([event(), event({ time: 2 })], [event(), event({ time: 2 })])).toEqual({
      equal: true,
      events: 2,
    });
  });

  test('part at the first event that one of them lacks, whichever comes first', async () => {
    const both = event();
    const more = event({ time: 2, to: 'carl' });
    const after = event({ time: 2, to: 'dora' });
    expect(await diffLogs([both, more, after], [both, after])).toEqual({
      equal: false,
      events: 1,
      kind: 'only-a',
      agent: 'carl',
      time: 2,
      round: 0,
      a: more,
      b: after,
      part: undefined,
    });
    expect(await diffLogs([both, after], [both, more, after])).toMatchObject({
      kind: 'only-b',
      agent: 'carl',
      a: after,
      b: more,
    });
  });

  test('part by time, then by round, then by agent, integers first', async () => {
    const parts = async (a: Partial<EventRecord>, b: Partial<EventRecord>): Promise<unknown> =>
      diffLogs([event(a)], [event(b)]);
    expect(await parts({ time: 2, to: 'a' }, { time: 3, to: 'b' })).toMatchObject({
      kind: 'only-a',
      time: 2,
    });
    expect(await parts({ round: 2, to: 'a' }, { round: 1, to: 'b' })).toMatchObject({
      kind: 'only-b',
      round: 1,
    });
    expect(await parts({ to: 'a' }, { to: 7 })).toMatchObject({ kind: 'only-b', agent: 7 });
    expect(await parts({ to: 10 }, { to: 9 })).toMatchObject({ kind: 'only-b', agent: 9 });
  });

  test('part where one ends earlier', async () => {
    expect(await diffLogs([event(), event({ time: 4 })], [event()])).toMatchObject({
      events: 1,
      kind: 'only-a',
      time: 4,
      b: undefined,
    });
    expect(await diffLogs([], [event()])).toMatchObject({ events: 0, kind: 'only-b', agent: 'ben' });
  });

  test.each([
    ['from', { from: 'carl' }, 'anna', 'carl'],
    ['topic', { topic: 'net' }, 'ball', 'net'],
    ['sentAt', { sentAt: 0.25 }, 0.5, 0.25],
  ])('part in %s when an agent gets another message in its place', async (path, other, a, b) => {
    expect(await diffLogs([event()], [event(other)])).toMatchObject({
      kind: 'differs',
      agent: 'ben',
      part: { path, a, b },
    });
  });

  test.each<[path: string, a: unknown, b: unknown, valueA: unknown, valueB: unknown]>([
    ['body', 1, 2, 1, 2],
    ['body', 0, -0, 0, -0],
    ['body', { a: 1 }, [1], { a: 1 }, [1]],
    ['body', null, {}, null, {}],
    ['body.hits', { hits: 1 }, { hits: 2 }, 1, 2],
    ['body.deep[1].x', { deep: [0, { x: 'a' }] }, { deep: [0, { x: 'b' }] }, 'a', 'b'],
    ['body["two words"]', { 'two words': 1 }, { 'two words': 2 }, 1, 2],
    ['body.list.length', { list: [1] }, { list: [1, 2] }, 1, 2],
    ['body.b', { a: 1, b: 2 }, { a: 1 }, 2, undefined],
    ['body.b', { a: 1 }, { a: 1, b: 2 }, undefined, 2],
    ['body.a', { b: 2 }, { a: 1, b: 2 }, undefined, 1],
    ['the order of the members of body', { a: 1, b: 2 }, { b: 2, a: 1 }, ['a', 'b'], ['b', 'a']],
    ['body[0][1]', new Map([['k', 1]]), new Map([['k', 2]]), 1, 2],
    ['body[1]', new Set([1, 2]), new Set([1, 3]), 2, 3],
    ['body[2]', new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 4]), 3, 4],
    ['body', new Uint8Array([1]), new Int8Array([1]), new Uint8Array([1]), new Int8Array([1])],
    ['body[0]', new Uint8Array([1]).buffer, new Uint8Array([2]).buffer, 1, 2],
    ['body', new Date(1), new Date(2), new Date(1), new Date(2)],
    ['body.x', { x: 1n }, { x: 2n }, 1n, 2n],
  ])('part in %s (%#)', async (path, a, b, valueA, valueB) => {
    const difference = await diffLogs([event({ body: a })], [event({ body: b })]);
    expect(difference).toMatchObject({ kind: 'differs', part: { path, a: valueA, b: valueB } });
  });

  test('are the same when their bodies have the same values', async () => {
    const body = (): unknown => ({
      list: [1, 'a', null, undefined, Number.NaN, -0],
      date: new Date(5),
      map: new Map([[1, { x: new Set(['y']) }]]),
      bytes: new Float64Array([1, Number.NaN]),
      view: new DataView(new ArrayBuffer(2)),
    });
    expect((await diffLogs([event({ body: body() })], [event({ body: body() })])).equal).toBe(true);
  });

  test('are left where they part', async () => {
    let closed = 0;
    async function* endless(hits: number): AsyncGenerator<EventRecord> {
      try {
        for (;;) yield event({ body: { hits } });
      } finally {
        closed += 1;
      }
    }
    expect(await diffLogs(endless(1), endless(2))).toMatchObject({ events: 0 });
    expect(closed).toBe(2);
  });
});

/** Logs in their order, of few agents, so that equal places are common. */
const log = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: 3 }),
      round: fc.integer({ min: 0, max: 1 }),
      to: fc.constantFrom<string | number>('ben', 'carl', 3),
      from: fc.constantFrom('anna', 'dora'),
      topic: fc.constantFrom('ball', 'net'),
      sentAt: fc.integer({ min: 0, max: 3 }),
      body: fc.oneof(fc.integer(), fc.string({ unit: 'binary' }), fc.array(fc.boolean())),
    }),
    { maxLength: 12 },
  )
  .map((events) =>
    events.sort((a, b) => a.time - b.time || a.round - b.round || (String(a.to) < String(b.to) ? -1 : 1)),
  );

test('whatever is taken out of a log is found, from either side', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat(), async (events, choice) => {
      fc.pre(events.length > 0);
      const index = choice % events.length;
      const shorter = events.toSpliced(index, 1);
      const difference = await diffLogs(events, shorter);
      const mirrored = await diffLogs(shorter, events);
      // Taken from equal ones, it may as well have been the last of them.
      expect(difference.equal).toBe(false);
      expect(difference.events).toBeGreaterThanOrEqual(index);
      expect(mirrored).toMatchObject({ events: difference.events, equal: false });
      if (difference.equal || mirrored.equal) return;
      expect([mirrored.agent, mirrored.time, mirrored.a, mirrored.b]).toEqual([
        difference.agent,
        difference.time,
        difference.b,
        difference.a,
      ]);
    }),
  );
});

test('a log that was written and read is the same log, however it is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      log,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (events, sizes) => {
        const bytes = Buffer.from(await written(events));
        const pieces: Uint8Array[] = [];
        for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
          const size = sizes[piece % sizes.length] as number;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(await all(fromNdjson(pieces))).toEqual(JSON.parse(JSON.stringify(events)));
        expect((await diffLogs(fromNdjson(pieces), fromNdjson([bytes.toString()]))).events).toBe(
          events.length,
        );
      },
    ),
  );
});

test('what JSON has no word for still differs when it was written', async () => {
  const pairs = [
    [-0, 0],
    [Number.NaN, null],
    [{ a: undefined }, {}],
    [[undefined], [null]],
    [1n, 1],
    [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ];
  for (const [a, b] of pairs) {
    const one = await written([event({ body: a })]);
    const other = await written([event({ body: b })]);
    expect((await diffLogs(fromNdjson([one]), fromNdjson([other]))).equal).toBe(false);
  }
  expect(await written([event({ body: undefined })])).not.toContain('body');
});

test.each([
  ['{"time":1', 1],
  ['null\n', 1],
  [`${JSON.stringify(event())}\n{"time":"1"}\n`, 2],
  [`${JSON.stringify(event())}\n\n${JSON.stringify(event()).slice(0, -3)}`, 3],
  [JSON.stringify({ ...event(), to: null }), 1],
])('a line that is no event is refused by its number: %j', async (text, line) => {
  const refused = await all(fromNdjson([text])).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SimulationError);
  expect(refused).toMatchObject({ code: 'ERR_TROUPE_EVENT_LOG', value: line });
  expect((refused as Error).message).toContain(`line ${line} `);
});

test('the logs of two seeds part where the seed first shows', async () => {
  const run = async (seed: number): Promise<EventRecord[]> => {
    const simulation = new Simulation(new URL('./fixtures/phold.ts', import.meta.url), {
      seed,
      eventLog: true,
    });
    const reading = all(simulation.eventLog());
    await simulation.run({ until: 10 });
    await simulation.close();
    return reading;
  };
  const [one, again, other] = [await run(1), await run(1), await run(2)];
  expect(await diffLogs(one, again)).toEqual({ equal: true, events: one.length });
  const difference = await diffLogs(one, other);
  expect(difference.equal).toBe(false);
  expect(difference.events).toBeLessThan(one.length);
});
