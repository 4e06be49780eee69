/** An order that its trader has not seen the end of. */
interface Pending {
  readonly instrument: number;
  readonly buy: boolean;
  readonly price: number;
  /** Shares of which it is not known what became of them. */
  open: number;
}

/** What makes up an account: see {@link Account.state}. */
export interface AccountState {
  /** Cents that are not set aside. */
  readonly cash: number;
  /** Shares by instrument that are not set aside. */
  readonly shares: readonly number[];
  readonly pending?: readonly (readonly [number: number, order: Pending])[];
  readonly orders?: number;
}

/**
 * What a trader has. Who bids sets the money aside, who offers the shares, so that every trade can be settled and nobody
 * owes anything. Messages about one order may overtake each other: it does not matter in which order they are taken.
 */
export class Account {
  #cash: number;
  readonly #shares: number[];
  readonly #pending: Map<number, Pending>;
  #orders: number;

  constructor({ cash, shares, pending = [], orders = 0 }: AccountState) {
    this.#cash = cash;
    this.#shares = [...shares];
    this.#pending = new Map(pending.map(([number, order]) => [number, { ...order }]));
    this.#orders = orders;
  }

  get state(): AccountState {
    return {
      cash: this.#cash,
      shares: [...this.#shares],
      pending: [...this.#pending],
      orders: this.#orders,
    };
  }

  /** Cents, those that are set aside included. */
  get cash(): number {
    let cash = this.#cash;
    for (const { buy, price, open } of this.#pending.values()) if (buy) cash += price * open;
    return cash;
  }

  /** Shares by instrument, those that are set aside included. */
  get shares(): number[] {
    const shares = [...this.#shares];
    for (const { buy, instrument, open } of this.#pending.values()) {
      if (!buy) shares[instrument] = (shares[instrument] as number) + open;
    }
    return shares;
  }

  /** Sets aside what an order takes; answers its number, or undefined when there is not enough. */
  reserve(instrument: number, buy: boolean, quantity: number, price: number): number | undefined {
    const held = this.#shares[instrument] as number;
    if (buy ? this.#cash < quantity * price : held < quantity) return undefined;
    if (buy) this.#cash -= quantity * price;
    else this.#shares[instrument] = held - quantity;
    this.#orders += 1;
    this.#pending.set(this.#orders, { instrument, buy, price, open: quantity });
    return this.#orders;
  }

  /** Some of an order was traded: a buyer who had offered more has the difference back. */
  trade(number: number, quantity: number, price: number): Readonly<Pending> {
    const order = this.#take(number, quantity);
    if (order.buy) {
      this.#cash += quantity * (order.price - price);
      this.#shares[order.instrument] = (this.#shares[order.instrument] as number) + quantity;
    } else {
      this.#cash += quantity * price;
    }
    return order;
  }

  /** Some of an order will not be traded any more: what was set aside for it is free again. */
  release(number: number, quantity: number): Readonly<Pending> {
    const order = this.#take(number, quantity);
    if (order.buy) this.#cash += quantity * order.price;
    else this.#shares[order.instrument] = (this.#shares[order.instrument] as number) + quantity;
    return order;
  }

  #take(number: number, quantity: number): Pending {
    const order = this.#pending.get(number);
    if (order === undefined || order.open < quantity) {
      throw new RangeError(`order ${number} has ${order?.open ?? 0} shares open, not ${quantity}`);
    }
    order.open -= quantity;
    if (order.open === 0) this.#pending.delete(number);
    return order;
  }
}
