import { percent, table, whole } from '../table.ts';
import { money, type Quote } from './protocol.ts';

/** How many quotes a sparkline goes back, and how many notes stay. */
const HISTORY = 40;
const NOTES = 6;

interface Row {
  readonly symbol: string;
  readonly opening: number;
  quote: Quote;
  readonly history: number[];
}

const BARS = '▁▂▃▄▅▆▇█';

/** Values as a line of bars, from the least to the greatest of them. */
export function sparkline(values: readonly number[]): string {
  const least = Math.min(...values);
  const range = Math.max(...values) - least;
  const height = (value: number): number =>
    range === 0 ? 0 : Math.round(((value - least) / range) * (BARS.length - 1));
  return values.map((value) => BARS[height(value)]).join('');
}

/** What there is to see of a market: its quotes, and what became of one's own orders. */
export class Board {
  readonly #rows: readonly Row[];
  readonly #notes: string[] = [];
  #time = 0;

  /** @param opening prices in cents, by symbol */
  constructor(symbols: readonly string[], opening: readonly number[]) {
    this.#rows = symbols.map((symbol, at) => {
      const last = opening[at] as number;
      return { symbol, opening: last, quote: { bid: 0, ask: 0, last, volume: 0 }, history: [last] };
    });
  }

  get symbols(): readonly string[] {
    return this.#rows.map(({ symbol }) => symbol);
  }

  /** Takes a quote in. */
  see(time: number, symbol: string, quote: Quote): void {
    this.#time = Math.max(this.#time, time);
    const row = this.#rows.find((known) => known.symbol === symbol);
    if (row === undefined) return;
    row.quote = quote;
    row.history.push(quote.last);
    if (row.history.length > HISTORY) row.history.shift();
  }

  /** Takes a note, which it answers as a line. */
  note(time: number | undefined, text: string): string {
    const line = `${time === undefined ? ''.padStart(10) : `${time.toFixed(2).padStart(8)} s`}  ${text}`;
    this.#notes.push(line);
    if (this.#notes.length > NOTES) this.#notes.shift();
    return line;
  }

  /** The table. */
  table(): string[] {
    const price = (cents: number): string => (cents === 0 ? '-' : money(cents));
    const rows = this.#rows.map(({ symbol, opening, quote: { bid, ask, last, volume }, history }) => [
      symbol,
      price(bid),
      price(ask),
      price(last),
      percent(last / opening - 1),
      whole(volume),
      sparkline(history),
    ]);
    const head = ['market', 'bid', 'ask', 'last', 'change', 'volume', ''];
    return [`${this.#time.toFixed(1).padStart(8)} s`, '', ...table(head, rows)];
  }

  /** The table, the latest notes below it. */
  draw(): string[] {
    return [...this.table(), '', ...this.#notes];
  }
}
