import { Agent, type Message } from '@troupe/core';
import { type BookState, type Order, OrderBook } from './order-book.ts';
import type { Market, Quote, Rules } from './protocol.ts';

/** What an exchange keeps, beside its book. */
interface Tape extends Quote {
  readonly trades: number;
  readonly tickets: number;
  readonly isClosed: boolean;
}

/** Where one instrument is traded. Its id is the symbol. */
export class Exchange extends Agent<Market> {
  readonly #rules: Rules;
  readonly #book: OrderBook;
  #last: number;
  #volume: number;
  #trades: number;
  #tickets: number;
  #isClosed: boolean;
  /** What was published last. */
  #quoted: { readonly bid: number; readonly ask: number };

  constructor(rules: Rules, opening: number, book?: BookState, tape?: Tape) {
    super();
    this.#rules = rules;
    this.#book = new OrderBook(book);
    this.#last = tape?.last ?? opening;
    this.#volume = tape?.volume ?? 0;
    this.#trades = tape?.trades ?? 0;
    this.#tickets = tape?.tickets ?? 0;
    this.#isClosed = tape?.isClosed ?? false;
    this.#quoted = { bid: tape?.bid ?? 0, ask: tape?.ask ?? 0 };
  }

  override snapshot(): ConstructorParameters<typeof Exchange> {
    const tape = {
      ...this.#quoted,
      last: this.#last,
      volume: this.#volume,
      trades: this.#trades,
      tickets: this.#tickets,
      isClosed: this.#isClosed,
    };
    return [this.#rules, this.#last, this.#book.state, tape];
  }

  static override restore(state: ConstructorParameters<typeof Exchange>): Exchange {
    return new Exchange(...state);
  }

  override setup(): void {
    this.#publish();
    this.setAlarm(this.#rules.tick, 'tick');
    this.setAlarmAt(this.#rules.day, 'close');
  }

  override receive(message: Message<Market>): void {
    switch (message.topic) {
      case 'order':
        this.#take(message);
        break;
      case 'expire': {
        const order = this.#book.withdraw(message.body);
        if (order !== undefined) this.#return(order);
        break;
      }
      case 'tick':
        if (this.#isClosed) break;
        if (this.#book.bid !== this.#quoted.bid || this.#book.ask !== this.#quoted.ask) this.#publish();
        this.setAlarm(this.#rules.tick, 'tick');
        break;
      case 'close':
        this.#isClosed = true;
        for (const order of this.#book.clear()) {
          if (order.alarm !== undefined) this.cancelAlarm(order.alarm);
          this.#return(order);
        }
        this.#publish();
        break;
      default:
        throw new TypeError(`an exchange does not know what to do with ${message.topic}`);
    }
  }

  #take({ from, body: { number, buy, quantity, price, life } }: Message<Pick<Market, 'order'>>): void {
    this.#tickets += 1;
    const ticket = this.#tickets;
    const order: Order = { ticket, trader: from, number, buy, price, left: quantity, alarm: undefined };
    if (this.#isClosed) {
      this.#return(order);
      return;
    }
    const trades = this.#book.place(order);
    for (const trade of trades) {
      const { resting } = trade;
      if (resting.left === 0 && resting.alarm !== undefined) this.cancelAlarm(resting.alarm);
      for (const party of [resting, order]) {
        const fill = { number: party.number, quantity: trade.quantity, price: trade.price };
        this.send(party.trader, 'fill', fill, this.#delay());
      }
      this.#last = trade.price;
      this.#volume += trade.quantity;
      this.#trades += 1;
    }
    if (order.left > 0) order.alarm = this.setAlarm(life, 'expire', ticket);
    if (trades.length > 0) this.#publish();
  }

  /** Nothing will come of what is left of an order. */
  #return({ trader, number, left }: Order): void {
    this.send(trader, 'done', { number, quantity: left }, this.#delay());
  }

  #publish(): void {
    const { bid, ask } = this.#book;
    this.#quoted = { bid, ask };
    const quote = { bid, ask, last: this.#last, volume: this.#volume };
    this.broadcast('quote', quote, this.#rules.lookahead);
    this.log('info', 'quote', quote);
    this.report('last', this.#last);
    this.report('volume', this.#volume);
    this.report('trades', this.#trades);
  }

  #delay(): number {
    return this.#rules.lookahead + this.random.float() * this.#rules.jitter;
  }
}
