import { defineModel } from '@troupe/core';
import { Exchange } from './exchange.ts';
import { LAYOUTS, listingOf, type Rules, SYMBOLS, VISITOR } from './protocol.ts';
import { Maker, Trader, Visitor } from './traders.ts';

/** Market makers have so many times what others have. */
const MAKER_WEALTH = 10;

/** How an instrument did. */
export interface Day {
  readonly symbol: string;
  /** Cents. */
  readonly opening: number;
  readonly last: number;
  /** Shares. */
  readonly volume: number;
  readonly trades: number;
}

export default defineModel({
  name: 'market',
  help: 'Traders and market makers meet in order books; whoever sits at the terminal trades with them.',
  params: {
    instruments: { type: 'integer', default: 4, min: 1, max: SYMBOLS.length, help: 'what there is to trade' },
    traders: { type: 'integer', default: 40, min: 0, max: 1_000_000, help: 'who trade at random' },
    makers: {
      type: 'integer',
      default: 8,
      min: 0,
      max: 100_000,
      help: 'market makers, in turn by instrument',
    },
    cash: { type: 'integer', default: 100_000, min: 0, max: 1e9, help: 'money of each trader' },
    shares: {
      type: 'integer',
      default: 200,
      min: 0,
      max: 1e6,
      help: 'shares of each trader, per instrument',
    },
    pace: {
      type: 'number',
      default: 4,
      min: 1e-3,
      max: 1e6,
      help: 'mean seconds between orders of a trader',
    },
    volatility: { type: 'number', default: 0.01, min: 0, max: 1, help: 'spread of opinions on a price' },
    day: { type: 'number', default: 600, min: 1, max: 1e6, help: 'seconds until the exchanges close' },
    tick: {
      type: 'number',
      default: 0.5,
      min: 1e-3,
      max: 1e6,
      help: 'seconds between looks at the best prices',
    },
    lookahead: { type: 'number', default: 0.05, min: 1e-6, max: 100, help: 'least seconds of a message' },
    jitter: { type: 'number', default: 0.1, min: 0, max: 100, help: 'most seconds beyond it' },
  },
  agents: [Exchange, Trader, Maker, Visitor],
  layouts: LAYOUTS,
  lookahead: ({ lookahead }) => lookahead,
  populate: ({ add, params }) => {
    const { instruments, traders, makers, day, tick, lookahead, jitter, pace, volatility } = params;
    const { symbols, opening } = listingOf(instruments);
    const rules: Rules = { symbols, opening, day, tick, lookahead, jitter, pace, volatility };
    const wealth = (times: number) => ({
      cash: params.cash * 100 * times,
      shares: symbols.map(() => params.shares * times),
    });
    symbols.forEach((symbol, at) => {
      add(Exchange, { id: symbol, args: [rules, opening[at] as number] });
    });
    for (let trader = 1; trader <= traders; trader += 1) {
      add(Trader, { id: `trader ${trader}`, args: [rules, wealth(1)] });
    }
    for (let maker = 0; maker < makers; maker += 1) {
      const aim = params.shares * MAKER_WEALTH;
      add(Maker, {
        id: `maker ${maker + 1}`,
        args: [rules, wealth(MAKER_WEALTH), undefined, maker % instruments, aim],
      });
    }
    add(Visitor, { id: VISITOR, args: [rules, wealth(1)] });
  },
  summarize: ({ by, results }, params) => {
    const owners = params.traders + 1 + params.makers * MAKER_WEALTH;
    const cash = sum(Object.values(results['cash'] ?? {}) as number[]);
    const holdings = Object.values(results['shares'] ?? {}) as number[][];
    const { symbols, opening } = listingOf(params.instruments);
    const shares = symbols.map((_, at) => sum(holdings.map((held) => held[at] as number)));
    // Before that, some of it is on its way between exchanges and traders.
    if (by?.reason === 'closed') {
      check('cents', cash, params.cash * 100 * owners);
      for (const [at, symbol] of symbols.entries())
        check(symbol, shares[at] as number, params.shares * owners);
    }
    const of = (name: string, symbol: string): number => results[name]?.[symbol] as number;
    const days: Day[] = symbols.map((symbol, at) => ({
      symbol,
      opening: opening[at] as number,
      last: of('last', symbol),
      volume: of('volume', symbol),
      trades: of('trades', symbol),
    }));
    return {
      trades: sum(days.map(({ trades }) => trades)),
      volume: sum(days.map(({ volume }) => volume)),
      days,
      cash,
      shares,
      you: { cash: results['cash']?.[VISITOR], shares: results['shares']?.[VISITOR] },
    };
  },
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function check(what: string, there: number, handedOut: number): void {
  if (there !== handedOut)
    throw new Error(`there are ${there} ${what}, but ${handedOut} were handed out at the beginning`);
}
