import { Agent, type Message } from '@troupe/core';
import { Account, type AccountState } from './account.ts';
import { type Market, money, type Quote, type Rules, type Wish } from './protocol.ts';

/** Most shares of one order that traders place by themselves, and how many a market maker offers. */
const LOT = 10;
const MAKER_LOT = 20;
/** Seconds for which orders hold: those of traders on average, those of the visitor. */
const LIFE = 10;
const VISITOR_LIFE = 60;
/** Seconds between two quotes of a market maker; the last ones hold until the next. */
const REQUOTE = 2;
/** How far from the middle a market maker bids and asks, and by how much a share too many moves it: shares of the price. */
const HALF_SPREAD = 0.002;
const LEAN = 0.000_05;

/** Somebody with an account, who sees quotes and places orders. */
abstract class Participant extends Agent<Market> {
  protected readonly rules: Rules;
  readonly #account: Account;
  readonly #quotes: Quote[];

  constructor(rules: Rules, account: AccountState, quotes?: readonly Quote[]) {
    super();
    this.rules = rules;
    this.#account = new Account(account);
    const unseen = (last: number): Quote => ({ bid: 0, ask: 0, last, volume: 0 });
    this.#quotes = [...(quotes ?? rules.opening.map(unseen))];
  }

  /** What the constructor takes. */
  override snapshot(): [rules: Rules, account: AccountState, quotes: readonly Quote[]] {
    return [this.rules, this.#account.state, this.#quotes];
  }

  override setup(): void {
    this.subscribe({ topic: 'quote' });
    this.#tell();
  }

  override receive(message: Message<Market>): void {
    switch (message.topic) {
      case 'quote':
        this.#quotes[this.rules.symbols.indexOf(message.from as string)] = message.body;
        break;
      case 'fill': {
        const { number, quantity, price } = message.body;
        const { buy } = this.#account.trade(number, quantity, price);
        this.#tell();
        this.hear(`${buy ? 'bought' : 'sold'} ${quantity} ${message.from} at ${money(price)}`);
        break;
      }
      case 'done': {
        const { number, quantity } = message.body;
        const { buy, price } = this.#account.release(number, quantity);
        this.hear(`not ${buy ? 'bought' : 'sold'}: ${quantity} ${message.from} at ${money(price)}`);
        break;
      }
      case 'act':
        this.act();
        break;
      default:
        throw new TypeError(`a trader does not know what to do with ${message.topic}`);
    }
  }

  /** It is time to place orders. */
  protected act(): void {}

  /** What became of an order. */
  protected hear(_news: string): void {}

  protected quote(instrument: number): Quote {
    return this.#quotes[instrument] as Quote;
  }

  protected shares(instrument: number): number {
    return this.#account.shares[instrument] as number;
  }

  /** Places an order, if there is enough to settle it; answers whether there is. */
  protected place(instrument: number, buy: boolean, quantity: number, price: number, life: number): boolean {
    const number = this.#account.reserve(instrument, buy, quantity, price);
    if (number === undefined) return false;
    const delay = this.rules.lookahead + this.random.float() * this.rules.jitter;
    this.send(
      this.rules.symbols[instrument] as string,
      'order',
      { number, buy, quantity, price, life },
      delay,
    );
    return true;
  }

  /** Acts again in so many seconds, if it is still day. */
  protected actIn(seconds: number): void {
    if (this.time + seconds < this.rules.day) this.setAlarm(seconds, 'act');
  }

  #tell(): void {
    this.report('cash', this.#account.cash);
    this.report('shares', this.#account.shares);
  }
}

/** Has an opinion of a random instrument now and then, which is not far from the last price. */
export class Trader extends Participant {
  static override restore(state: ConstructorParameters<typeof Trader>): Trader {
    return new Trader(...state);
  }

  override setup(): void {
    super.setup();
    this.actIn(this.random.exponential(this.rules.pace));
  }

  protected override act(): void {
    const { random, rules } = this;
    const instrument = random.integer(rules.symbols.length);
    const worth = this.quote(instrument).last * (1 + random.normal(0, rules.volatility));
    const quantity = 1 + random.integer(LOT);
    const life = random.exponential(LIFE);
    this.place(instrument, random.chance(0.5), quantity, Math.max(1, Math.round(worth)), life);
    this.actIn(random.exponential(rules.pace));
  }
}

/** Bids and asks for one instrument all the time, lower when it has too many shares of it. */
export class Maker extends Participant {
  readonly #instrument: number;
  /** Shares that it wants to have. */
  readonly #aim: number;

  constructor(
    rules: Rules,
    account: AccountState,
    quotes: readonly Quote[] | undefined,
    instrument: number,
    aim: number,
  ) {
    super(rules, account, quotes);
    this.#instrument = instrument;
    this.#aim = aim;
  }

  override snapshot(): ReturnType<Participant['snapshot']> {
    return [...super.snapshot(), this.#instrument, this.#aim] as never;
  }

  static override restore(state: ConstructorParameters<typeof Maker>): Maker {
    return new Maker(...state);
  }

  override setup(): void {
    super.setup();
    this.actIn(this.random.float() * REQUOTE);
  }

  protected override act(): void {
    const instrument = this.#instrument;
    const { last } = this.quote(instrument);
    const middle = last * (1 + LEAN * (this.#aim - this.shares(instrument)));
    // At least a cent, and a cent apart.
    const bid = Math.max(1, Math.floor(middle * (1 - HALF_SPREAD)));
    const ask = Math.max(bid + 1, Math.ceil(middle * (1 + HALF_SPREAD)));
    this.place(instrument, true, MAKER_LOT, bid, REQUOTE);
    this.place(instrument, false, MAKER_LOT, ask, REQUOTE);
    this.actIn(REQUOTE);
  }
}

/** Does what it is told from outside, and sees to it that the run ends when the day has ended and all is settled. */
export class Visitor extends Participant {
  static override restore(state: ConstructorParameters<typeof Visitor>): Visitor {
    return new Visitor(...state);
  }

  override setup(): void {
    super.setup();
    const { day, lookahead, jitter } = this.rules;
    // An order that was placed at the last moment comes to an exchange that is closed, and is returned.
    this.setAlarmAt(day + 3 * (lookahead + jitter), 'close');
  }

  override receive(message: Message<Market>): void {
    if (message.topic === 'wish') this.#wish(message.body);
    else if (message.topic === 'quit') this.stop('quit');
    else if (message.topic === 'close') this.stop('closed');
    else super.receive(message);
  }

  protected override hear(news: string): void {
    this.log('info', news);
  }

  #wish({ symbol, buy, quantity, price }: Wish): void {
    const instrument = this.rules.symbols.indexOf(symbol);
    if (instrument === -1) {
      this.log('warn', `there is no ${symbol}: trade ${this.rules.symbols.join(', ')}`);
    } else if (!(quantity > 0 && price > 0)) {
      this.log('warn', 'an order needs a quantity and a price above 0');
    } else if (!this.place(instrument, buy, quantity, price, VISITOR_LIFE)) {
      this.log('warn', `you have not ${buy ? `${money(quantity * price)} left` : `${quantity} ${symbol}`}`);
    }
  }
}
