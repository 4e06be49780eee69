import type { AgentId, EventRecord } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Account } from '../src/market/account.ts';
import market from '../src/market/model.ts';
import { type Order, OrderBook } from '../src/market/order-book.ts';
import type { Market } from '../src/market/protocol.ts';
import { schedulerOf } from '../src/model-scheduler.ts';
import { runModel } from './run-model.ts';

/** What is asked of a book: a new order, or one to be withdrawn. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        buy: fc.boolean(),
        price: fc.integer({ min: 1, max: 8 }),
        left: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ withdraw: fc.integer({ min: 1, max: 40 }) }) },
  ),
  { maxLength: 60 },
);

/** The rules, taken literally: of those that can trade, the best price, then the lowest ticket. */
class NaiveBook {
  orders: Order[] = [];

  place(order: Order): [ticket: number, quantity: number, price: number][] {
    const trades: [number, number, number][] = [];
    while (order.left > 0) {
      const [best] = this.orders
        .filter(({ buy, price }) => buy !== order.buy && (buy ? price >= order.price : price <= order.price))
        .sort((a, b) => (a.price - b.price) * (order.buy ? 1 : -1) || a.ticket - b.ticket);
      if (best === undefined) break;
      const quantity = Math.min(best.left, order.left);
      best.left -= quantity;
      order.left -= quantity;
      trades.push([best.ticket, quantity, best.price]);
      this.orders = this.orders.filter(({ left }) => left > 0);
    }
    if (order.left > 0) this.orders.push(order);
    return trades;
  }

  withdraw(ticket: number): Order | undefined {
    const found = this.orders.find((order) => order.ticket === ticket);
    this.orders = this.orders.filter((order) => order !== found);
    return found;
  }
}

describe('an order book', () => {
  test('trades as the rules say, also when it goes on from a state', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let book = new OrderBook();
        const naive = new NaiveBook();
        let ticket = 0;
        for (const step of all) {
          if ('withdraw' in step) {
            expect(book.withdraw(step.withdraw)).toEqual(naive.withdraw(step.withdraw));
          } else {
            ticket += 1;
            const order = { ...step, ticket, trader: 'anna', number: ticket, alarm: undefined };
            const trades = book.place({ ...order });
            expect(trades.map((trade) => [trade.resting.ticket, trade.quantity, trade.price])).toEqual(
              naive.place({ ...order }),
            );
          }
          const { buys, sells } = book.state;
          const byTicket = (a: Order, b: Order): number => a.ticket - b.ticket;
          expect([...buys, ...sells].sort(byTicket)).toEqual([...naive.orders].sort(byTicket));
          const prices = (isBuy: boolean): number[] =>
            naive.orders.filter(({ buy }) => buy === isBuy).map(({ price }) => price);
          expect(book.bid).toBe(Math.max(0, ...prices(true)));
          expect(book.ask).toBe(prices(false).length === 0 ? 0 : Math.min(...prices(false)));
          book = new OrderBook(structuredClone(book.state));
        }
        expect(book.clear()).toHaveLength(naive.orders.length);
        expect(book.state).toEqual({ buys: [], sells: [] });
      }),
    );
  });
});

describe('an account', () => {
  test('sets aside what orders take, and settles in whatever order it hears of them', () => {
    const account = new Account({ cash: 1000, shares: [5, 0] });
    expect(account.reserve(0, false, 6, 10)).toBeUndefined();
    expect(account.reserve(1, true, 11, 100)).toBeUndefined();
    const buy = account.reserve(1, true, 10, 100) as number;
    const sell = account.reserve(0, false, 5, 10) as number;
    expect(account.reserve(1, true, 1, 1)).toBeUndefined();
    expect([account.cash, account.shares]).toEqual([1000, [5, 0]]);
    account.release(buy, 4);
    account.trade(buy, 6, 90);
    const moved = new Account(structuredClone(account.state));
    moved.trade(sell, 5, 12);
    expect([moved.cash, moved.shares]).toEqual([1000 - 540 + 60, [0, 6]]);
    expect(moved.state.pending).toEqual([]);
    expect(() => moved.trade(sell, 1, 12)).toThrowError(/order 2 has 0 shares open/);
  });
});

describe('the market', () => {
  test('keeps every cent and every share, and nobody owes any', () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const params = { traders: 15, makers: 3, instruments: 3, day: 40, pace: 1, cash: 2000, shares: 20 };
      const { report, results } = runModel(market, params, seed);
      expect(report.by).toEqual({ agent: 'you', reason: 'closed' });
      expect(report.deadLetters).toBe(0);
      expect(results['trades']).toBeGreaterThan(50);
      // 15 traders, the visitor, and 3 makers with ten times as much.
      expect(results['cash']).toBe(46 * 2000 * 100);
      expect(results['shares']).toEqual([46 * 20, 46 * 20, 46 * 20]);
      for (const cash of Object.values(report.results['cash'] ?? {})) expect(cash).toBeGreaterThanOrEqual(0);
      for (const shares of Object.values(report.results['shares'] ?? {}) as number[][]) {
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test('notices when some of it is lost', () => {
    const { report } = runModel(market, { day: 5 });
    const results = { ...report.results, cash: { ...report.results['cash'], you: 1 } };
    expect(() => runSummary({ ...report, results })).toThrowError(/cents, but 1210000000 were handed out/);
  });

  test('answers every order: traded, or out of the book, at the latest when the exchanges close', () => {
    const open = new Map<string, number>();
    const key = (trader: AgentId, symbol: AgentId, number: number): string => `${trader} ${symbol} ${number}`;
    const onEvent = ({ from, to, topic, body }: EventRecord): void => {
      if (topic === 'order') {
        const { number, quantity } = body as Market['order'];
        open.set(key(from, to, number), quantity);
      } else if (topic === 'fill' || topic === 'done') {
        const { number, quantity } = body as Market['done'];
        open.set(key(to, from, number), (open.get(key(to, from, number)) as number) - quantity);
      }
    };
    schedulerOf(market as never, { day: 30 }, { seed: 3, onEvent }).run();
    expect(open.size).toBeGreaterThan(200);
    for (const [order, left] of open) expect([order, left]).toEqual([order, 0]);
  });
});

function runSummary(report: ReturnType<typeof runModel>['report']): unknown {
  return market.summarize?.(report, { ...DEFAULTS, day: 5 } as never);
}

const DEFAULTS = Object.fromEntries(
  Object.entries(market.params ?? {}).map(([name, { default: value }]) => [name, value]),
);
