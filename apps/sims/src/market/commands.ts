import { SYMBOLS, type Wish } from './protocol.ts';

/** What somebody at the terminal may want. */
export type Command =
  | { readonly kind: 'wish'; readonly wish: Wish }
  | { readonly kind: 'quit' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly why: string };

export const SYNTAX = 'buy SYMBOL QUANTITY PRICE, sell SYMBOL QUANTITY PRICE, or quit';

const MOST_SHARES = 1_000_000;
/** In cents: what an order carries is a whole number of 32 bits. */
const HIGHEST_PRICE = 1_000_000_000;

/** Reads a line such as `buy ACME 10 101.5`. */
export function parseLine(line: string, symbols: readonly string[] = SYMBOLS): Command {
  const [verb = '', ...rest] = line.trim().toLowerCase().split(/\s+/);
  if (verb === '') return { kind: 'nothing' };
  if ((verb === 'quit' || verb === 'q') && rest.length === 0) return { kind: 'quit' };
  if ((verb !== 'buy' && verb !== 'sell') || rest.length !== 3) return unknown(`say ${SYNTAX}`);
  const [name = '', shares = '', price = ''] = rest;
  const symbol = name.toUpperCase();
  if (!symbols.includes(symbol)) return unknown(`there is no ${symbol}: trade ${symbols.join(', ')}`);
  const quantity = /^\d+$/.test(shares) ? Number(shares) : 0;
  if (!(quantity >= 1 && quantity <= MOST_SHARES)) {
    return unknown(`the quantity is ${shares}: give a whole number from 1 to ${MOST_SHARES}`);
  }
  const cents = /^\d+(\.\d{1,2})?$/.test(price) ? Math.round(Number(price) * 100) : 0;
  if (!(cents >= 1 && cents <= HIGHEST_PRICE)) {
    return unknown(`the price is ${price}: give 0.01 to ${HIGHEST_PRICE / 100}, with at most two decimals`);
  }
  return { kind: 'wish', wish: { symbol, buy: verb === 'buy', quantity, price: cents } };
}

function unknown(why: string): Command {
  return { kind: 'unknown', why };
}
