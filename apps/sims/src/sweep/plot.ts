import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { TopLevelSpec } from 'vega-lite';
import { Aggregate, type PointSummary } from './aggregate.ts';
import { readCsv } from './csv.ts';
import type { PlotWish } from './plot-wish.ts';

/** Which columns a plot shows. */
export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly color: string | undefined;
  readonly band: PlotWish['band'];
}

/** Draws what a sweep's CSV holds into an SVG; answers the number of points, with none of which there is no file. */
export async function plot(csv: string, svg: string, axes: Axes, title: string): Promise<number> {
  const points = await readPoints(csv, axes);
  if (points.length > 0) await writeFile(svg, await render(points, axes, title));
  return points.length;
}

/** The first of these columns whose values are not all the same; the first of all where there is no such column. */
export async function firstToVary(csv: string, columns: readonly string[]): Promise<string | undefined> {
  const seen: (string | undefined)[] = columns.map(() => undefined);
  let head: readonly string[] | undefined;
  let found = columns.length;
  for await (const row of readCsv(createReadStream(csv, 'utf8'))) {
    head ??= row;
    if (head === row) continue;
    for (let index = 0; index < found; index += 1) {
      const text = row[head.indexOf(columns[index] as string)];
      if (text === undefined || text === '') continue;
      if (seen[index] !== undefined && seen[index] !== text) found = index;
      seen[index] = text;
    }
    if (found === 0) break;
  }
  return columns[found] ?? columns[0];
}

/** Reads the CSV row by row; runs that failed, or have no such number, are left out. */
async function readPoints(csv: string, { x, y, color }: Axes): Promise<PointSummary[]> {
  const aggregate = new Aggregate();
  let at: { x: number; y: number; color: number } | undefined;
  for await (const row of readCsv(createReadStream(csv, 'utf8'))) {
    if (at === undefined) {
      at = { x: row.indexOf(x), y: row.indexOf(y), color: color === undefined ? -1 : row.indexOf(color) };
      continue;
    }
    const text = row[at.y] ?? '';
    if (text === '' || !Number.isFinite(Number(text))) continue;
    aggregate.add(row[at.x] ?? '', row[at.color] ?? '', Number(text));
  }
  return aggregate.summaries();
}

const isNumeric = (texts: readonly string[]): boolean =>
  texts.every((text) => text !== '' && Number.isFinite(Number(text)));

function specOf(points: readonly PointSummary[], { x, y, color, band }: Axes, title: string): TopLevelSpec {
  const onLine = isNumeric(points.map((point) => point.x));
  const isWhole = points.every((point) => Number.isInteger(Number(point.x)));
  const byNumber = isNumeric(points.map(({ series }) => series));
  const values = points.map((point) => ({
    ...point,
    x: onLine ? Number(point.x) : point.x,
    series: byNumber ? Number(point.series) : point.series,
    low: band === 'deviation' ? point.mean - point.deviation : point.least,
    high: band === 'deviation' ? point.mean + point.deviation : point.most,
  }));
  const hasBand = band !== 'none' && points.some(({ runs }) => runs > 1);
  const what = band === 'deviation' ? 'one standard deviation up and down' : 'the least and the most';
  const line = onLine ? { type: 'line' as const, point: true } : { type: 'point' as const, filled: true };
  const shade = onLine ? { type: 'area' as const, opacity: 0.2 } : { type: 'rule' as const, opacity: 0.5 };
  const scale = { zero: false };
  return {
    data: { values },
    width: 640,
    height: 400,
    background: 'white',
    padding: 16,
    title: {
      text: title,
      ...(hasBand ? { subtitle: `mean of the runs, and ${what}` } : {}),
      anchor: 'start',
    },
    encoding: {
      x: onLine
        ? { field: 'x', type: 'quantitative', title: x, scale, axis: { tickMinStep: isWhole ? 1 : 0 } }
        : { field: 'x', type: 'nominal', title: x, sort: null, axis: { labelAngle: 0 } },
      // Points above one another would hide what is on their lines.
      ...(onLine || color === undefined ? {} : { xOffset: { field: 'series' } }),
      ...(color === undefined
        ? {}
        : {
            color: {
              field: 'series',
              title: color,
              legend: { symbolOpacity: 1 },
              ...(byNumber
                ? { type: 'ordinal', scale: { scheme: 'viridis' } }
                : { type: 'nominal', sort: null }),
            },
          }),
    },
    layer: [
      ...(hasBand
        ? [
            {
              mark: shade,
              encoding: {
                y: { field: 'low', type: 'quantitative' as const, title: y, scale },
                y2: { field: 'high' },
              },
            },
          ]
        : []),
      { mark: line, encoding: { y: { field: 'mean', type: 'quantitative' as const, title: y, scale } } },
    ],
  };
}

async function render(points: readonly PointSummary[], axes: Axes, title: string): Promise<string> {
  // Half a second that runs without a plot need not wait for.
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const { spec } = compile(specOf(points, axes, title));
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
