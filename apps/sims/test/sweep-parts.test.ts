import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Aggregate } from '../src/sweep/aggregate.ts';
import { Columns } from '../src/sweep/columns.ts';
import { csvLine, readCsv } from '../src/sweep/csv.ts';
import { inOrder } from '../src/sweep/in-order.ts';
import { Meter } from '../src/sweep/meter.ts';

async function rowsOf(pieces: Iterable<string>): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const row of readCsv(pieces)) rows.push(row);
  return rows;
}

describe('CSV', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a') }),
  );
  // A row of one empty cell is an empty line.
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 6 });

  test('is read as it was written, whatever is in the cells and wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 7 }), async (rows, length) => {
        const text = rows.map(csvLine).join('');
        const pieces = Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
          text.slice(index * length, (index + 1) * length),
        );
        expect(await rowsOf(pieces)).toEqual(rows);
      }),
    );
  });

  test('quotes what RFC 4180 wants quoted, and nothing else', () => {
    expect(csvLine(['a b', '1.5', '', 'x,y', 'say "hi"', 'two\nlines', ' padded'])).toBe(
      'a b,1.5,,"x,y","say ""hi""","two\nlines"," padded"\n',
    );
  });

  test('may end its lines with CRLF, and its last one with nothing', async () => {
    expect(await rowsOf(['a,b\r\n1,', '"2\r\n3"'])).toEqual([
      ['a', 'b'],
      ['1', '2\r\n3'],
    ]);
    expect(await rowsOf([])).toEqual([]);
  });

  test('is refused where quotes do not fit, with the line', async () => {
    await expect(rowsOf(['a\n"b" c'])).rejects.toThrow('line 2: " " follows a quoted cell');
    await expect(rowsOf(['a\nb\n"c'])).rejects.toThrow('line 3: a quoted cell is not closed');
  });
});

describe('inOrder', () => {
  test('answers in the order of the items, whichever is done first, and never has more than so many', async () => {
    const delays = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 1, max: 8 }), async (turns, ahead) => {
        let open = 0;
        let most = 0;
        const start = async (index: number): Promise<number> => {
          open += 1;
          most = Math.max(most, open);
          for (let turn = 0; turn < (turns[index] as number); turn += 1) await null;
          return index * 2;
        };
        const answers: (readonly [number, number])[] = [];
        for await (const answer of inOrder(turns.keys(), start, ahead)) {
          open -= 1;
          answers.push(answer);
        }
        expect(answers).toEqual(turns.map((_, index) => [index, index * 2]));
        expect(most).toBe(Math.min(ahead, turns.length));
      }),
    );
  });
});

describe('an aggregate', () => {
  test('knows mean, least, most and deviation of each point', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
        const aggregate = new Aggregate();
        for (const each of values) {
          aggregate.add('1', 'a', each);
          aggregate.add('2', 'a', -each);
        }
        const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
        const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
        const [first, second] = aggregate.summaries();
        expect(first).toMatchObject({ x: '1', series: 'a', runs: values.length });
        expect(first?.least).toBe(Math.min(...values));
        expect(first?.most).toBe(Math.max(...values));
        expect(first?.mean).toBeCloseTo(mean, 4);
        expect(first?.deviation).toBeCloseTo(Math.sqrt(squares / Math.max(1, values.length - 1)), 3);
        expect(second?.mean).toBeCloseTo(-mean, 4);
      }),
    );
  });
});

test('columns of parameters and results that every sweep has already get a prefix', () => {
  const columns = new Columns(['agents', 'events'], ['seed', 'agents', 'hops']);
  expect(columns.names).toEqual([
    ...['agents', 'model-events', 'seed', 'reason', 'simTime', 'events', 'digest'],
    ...['result-seed', 'result-agents', 'hops'],
  ]);
  const results = { hops: 3, seed: Number.POSITIVE_INFINITY };
  const report = { reason: 'idle', simTime: 0.1, events: 5, digest: 'ab', results } as const;
  expect(columns.row({ agents: 9, events: 8 }, 4, report)).toEqual([
    ...['9', '8', '4', 'idle', '0.1', '5', 'ab'],
    ...['Infinity', '', '3'],
  ]);
  expect(columns.row({ agents: 9, events: 8 }, 4, undefined)).toEqual([
    ...['9', '8', '4', 'failed', '', '', ''],
    ...['', '', ''],
  ]);
});

describe('the meter of a sweep', () => {
  /** What it writes, to a terminal or not. */
  function meterOn(isTTY: boolean): { readonly meter: Meter; readonly written: string[] } {
    const written: string[] = [];
    const out = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    return { meter: new Meter(out, 4), written };
  }

  test('draws a bar on a terminal, and makes room for what there is to say', () => {
    const { meter, written } = meterOn(true);
    expect(written.at(-1)).toBe(`\r  ${'░'.repeat(30)} 0 of 4 runs\u001b[K`);
    meter.count(false);
    meter.tell('failed    one');
    expect(written.slice(-2)).toEqual(['\r\u001b[K', 'failed    one\n']);
    meter.count(true);
    expect(meter.failed).toBe(1);
    meter.clear();
  });

  test('writes no bar where there is no terminal', () => {
    const { meter, written } = meterOn(false);
    meter.count(false);
    meter.tell('line');
    meter.clear();
    expect(written).toEqual(['line\n']);
  });
});
