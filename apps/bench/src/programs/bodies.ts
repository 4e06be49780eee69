import { layout } from '@troupe/transport';

/** A body of about 64 bytes as plain data. */
export interface Trade {
  readonly id: number;
  readonly price: number;
  readonly volume: number;
  readonly buy: boolean;
  readonly venue: number;
  readonly name: string;
  readonly time: number;
}

export const TRADE = layout({
  id: 'i32',
  price: 'f64',
  volume: 'f64',
  buy: 'bool',
  venue: 'u16',
  name: 'string(16)',
  time: 'f64',
});

export function trade(id: number): Trade {
  return {
    id,
    price: 101.25,
    volume: 77.5,
    buy: true,
    venue: 12,
    name: 'TRPE-2026-XNYS',
    time: 1700000000.125,
  };
}
