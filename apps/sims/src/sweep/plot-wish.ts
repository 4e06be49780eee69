import { UsageError } from '../command-line.ts';

const BANDS = ['range', 'deviation', 'none'] as const;

/** What a plot shall show; columns that are left out are chosen by what there is. */
export interface PlotWish {
  readonly x?: string;
  readonly y?: string;
  /** The column that tells the lines apart. */
  readonly color?: string;
  /** From the least to the most of the runs at a point, or one standard deviation up and down. */
  readonly band: (typeof BANDS)[number];
}

/** Reads `KEY=VALUE,...`, or `none`: then it is undefined. */
export function parsePlot(texts: readonly string[]): PlotWish | undefined {
  if (texts.length === 1 && texts[0] === 'none') return undefined;
  const wish: Record<string, string> = {};
  for (const item of texts.flatMap((text) => text.split(','))) {
    const [, key, value] = /^(x|y|color|band)=(.+)$/.exec(item) ?? [];
    if (key === undefined || value === undefined) {
      throw new UsageError(
        `--plot is ${JSON.stringify(item)}: give y=, x= or color= and a column, band=, or none`,
      );
    }
    if (key === 'band' && !(BANDS as readonly string[]).includes(value)) {
      throw new UsageError(`--plot band is ${JSON.stringify(value)}: give one of ${BANDS.join(', ')}`);
    }
    wish[key] = value;
  }
  return { band: 'range', ...wish } as PlotWish;
}
