import type { AgentId, AlarmId } from '@troupe/core';

/** An order that rests in a book. Prices are whole cents. */
export interface Order {
  /** Its number in the book. */
  readonly ticket: number;
  readonly trader: AgentId;
  /** The trader's own number for it. */
  readonly number: number;
  readonly buy: boolean;
  /** The most that a buyer pays, the least that a seller takes. */
  readonly price: number;
  /** Shares that have not been traded. */
  left: number;
  /** Rings when it expires. */
  alarm: AlarmId | undefined;
}

/** Two orders have met. */
export interface Trade {
  /** The one that was there already; its price is that of the trade. */
  readonly resting: Order;
  readonly quantity: number;
  readonly price: number;
}

/** What makes up a book: see {@link OrderBook.state}. */
export interface BookState {
  readonly buys: readonly Order[];
  readonly sells: readonly Order[];
}

/**
 * The order book of one instrument. Orders trade at the best price first and, at the same price, in the order in which
 * they came.
 *
 * ```text
 *   #buys   90.00  90.50  90.50  91.00 <- best     the next to trade is last, where taking it costs nothing;
 *   #sells  93.00  92.50  92.50  91.50 <- best     of equal prices the one that came first stands further back
 * ```
 */
export class OrderBook {
  readonly #buys: Order[];
  readonly #sells: Order[];

  constructor({ buys, sells }: BookState = { buys: [], sells: [] }) {
    this.#buys = [...buys];
    this.#sells = [...sells];
  }

  /** Highest price that is bid, 0 when there is none. */
  get bid(): number {
    return this.#buys.at(-1)?.price ?? 0;
  }

  /** Lowest price that is asked, 0 when there is none. */
  get ask(): number {
    return this.#sells.at(-1)?.price ?? 0;
  }

  /** All that rests in it, worst first; a copy of the lists, not of the orders. */
  get state(): BookState {
    return { buys: [...this.#buys], sells: [...this.#sells] };
  }

  /** Trades an order as far as it meets others; what is left of it rests in the book. */
  place(order: Order): Trade[] {
    const others = order.buy ? this.#sells : this.#buys;
    const trades: Trade[] = [];
    while (order.left > 0) {
      const resting = others.at(-1);
      if (resting === undefined || !meets(order, resting)) break;
      const quantity = Math.min(order.left, resting.left);
      order.left -= quantity;
      resting.left -= quantity;
      if (resting.left === 0) others.pop();
      trades.push({ resting, quantity, price: resting.price });
    }
    if (order.left > 0) insert(order.buy ? this.#buys : this.#sells, order);
    return trades;
  }

  /** Takes an order out; undefined when it is not there any more. */
  withdraw(ticket: number): Order | undefined {
    return take(this.#buys, ticket) ?? take(this.#sells, ticket);
  }

  /** Takes all orders out. */
  clear(): Order[] {
    return [...this.#buys.splice(0), ...this.#sells.splice(0)];
  }
}

function meets(order: Order, resting: Order): boolean {
  return order.buy ? order.price >= resting.price : order.price <= resting.price;
}

/** Puts an order in front of all that are as good as it or better. */
function insert(side: Order[], order: Order): void {
  let low = 0;
  let high = side.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { price } = side[middle] as Order;
    const isWorse = order.buy ? price < order.price : price > order.price;
    if (isWorse) low = middle + 1;
    else high = middle;
  }
  side.splice(low, 0, order);
}

function take(side: Order[], ticket: number): Order | undefined {
  const at = side.findIndex((order) => order.ticket === ticket);
  return at === -1 ? undefined : side.splice(at, 1)[0];
}
