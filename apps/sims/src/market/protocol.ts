import { layout } from '@troupe/core';

/** Instruments by their symbols, of which a run has the first few. */
export const SYMBOLS = ['ACME', 'BOLT', 'CRUX', 'DUNE', 'ECHO', 'FLUX', 'GALE', 'HALO'] as const;

/** Price in cents at which the first instrument opens; each of the others opens higher by as much. */
const OPENING = 5000;

/** The first few instruments, and the prices in cents at which the day begins. */
export function listingOf(instruments: number): { symbols: readonly string[]; opening: readonly number[] } {
  const symbols = SYMBOLS.slice(0, instruments);
  return { symbols, opening: symbols.map((_, at) => OPENING * (at + 1)) };
}

/** The agent through whom somebody outside trades. */
export const VISITOR = 'you';

/** What somebody outside wants to be bought or sold. Prices are whole cents everywhere. */
export interface Wish {
  readonly symbol: string;
  readonly buy: boolean;
  readonly quantity: number;
  readonly price: number;
}

/** The best prices, 0 where there are none, and what was traded. */
export interface Quote {
  readonly bid: number;
  readonly ask: number;
  readonly last: number;
  /** Shares so far. */
  readonly volume: number;
}

export type Market = {
  /** To an exchange: a limit order that holds for `life` seconds. */
  order: { number: number; buy: boolean; quantity: number; price: number; life: number };
  /** To a trader: so much of an order was traded. */
  fill: { number: number; quantity: number; price: number };
  /** To a trader: the rest of an order is out of the book. */
  done: { number: number; quantity: number };
  /** To whom it may concern. */
  quote: Quote;
  /** From outside, to the visitor. */
  wish: Wish;
  quit: undefined;
  /** From agents to themselves: it is time to trade, to publish, to close; an order, by its ticket, is too old. */
  act: undefined;
  tick: undefined;
  close: undefined;
  expire: number;
};

export const LAYOUTS = {
  order: layout({ number: 'u32', buy: 'bool', quantity: 'u32', price: 'u32', life: 'f64' }),
  fill: layout({ number: 'u32', quantity: 'u32', price: 'u32' }),
  done: layout({ number: 'u32', quantity: 'u32' }),
  quote: layout({ bid: 'u32', ask: 'u32', last: 'u32', volume: 'f64' }),
  wish: layout({ symbol: 'string(8)', buy: 'bool', quantity: 'u32', price: 'u32' }),
  expire: layout('u32'),
};

/** What all agents of a run go by. */
export interface Rules {
  readonly symbols: readonly string[];
  /** Prices in cents at which the day begins. */
  readonly opening: readonly number[];
  /** Seconds until the exchanges close. */
  readonly day: number;
  /** Seconds between two quotes of an exchange. */
  readonly tick: number;
  /** Seconds that a message takes at least, and how many more it may take. */
  readonly lookahead: number;
  readonly jitter: number;
  /** Mean seconds between two orders of a trader. */
  readonly pace: number;
  /** Standard deviation of what traders think of a price, as a share of it. */
  readonly volatility: number;
}

/** A price for people. */
export const money = (cents: number): string => (cents / 100).toFixed(2);
