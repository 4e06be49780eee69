import { Agent, type AgentId, defineModel, layout, type Message } from '@troupe/core';
import { gainsOf, offersOf } from './auction-offers.ts';

type Side = 'buyers' | 'sellers';

type Market = {
  /** From the auctioneer: who has no partner yet may bid; true for buyers, false for sellers. */
  call: boolean;
  /** To one of the other side: what its share would be with me. */
  bid: number;
  /** Your bid is the best; what is left is your share. */
  won: number;
  /** There was a better one than you. */
  lost: undefined;
  /** My share is now as much: of a buyer, and of a seller. */
  buyer: { index: number; share: number };
  seller: { index: number; share: number };
  /** To the auctioneer: I had no partner, and now I have one. */
  paired: undefined;
  next: undefined;
};

/** Simulated seconds that a message takes. */
const HOP = 1;
/** From the call over bid and answer to the last word of what has changed. */
const ROUND = 4 * HOP;
/** The least by which a bid is better than the one before. */
const STEP = 1;

const NOBODY = -1;
const other = (side: Side): Side => (side === 'buyers' ? 'sellers' : 'buyers');
const idOf = (side: Side, index: number): AgentId => `${side === 'buyers' ? 'buyer' : 'seller'} ${index + 1}`;

/**
 * A buyer or a seller: the two sides do the same. What two of them gain by a deal is divided into their shares. Whoever
 * bids offers another as large a share as it can while it gains no less with that one than with anybody else.
 */
class Trader extends Agent<Market> {
  readonly #side: Side;
  readonly #index: number;
  /** By index of the other side: what there is to gain with that one. */
  readonly #gains: Float64Array;
  /** By index of the other side: the share of that one. */
  readonly #shares: Float64Array;
  #share: number;
  #partner = NOBODY;

  constructor(side: Side, index: number, gains: Float64Array, share: number, shares: Float64Array) {
    super();
    this.#side = side;
    this.#index = index;
    this.#gains = gains;
    this.#share = share;
    this.#shares = shares.slice();
  }

  override setup(): void {
    this.subscribe({ topic: 'call' });
    this.subscribe({ topic: this.#side === 'buyers' ? 'seller' : 'buyer' });
    this.report('share', this.#share);
  }

  override update(inbox: Message<Market>[]): void {
    const bids = new Map<number, number>();
    for (const message of inbox) {
      switch (message.topic) {
        case 'call':
          if (message.body === (this.#side === 'buyers') && this.#partner === NOBODY) this.#bid();
          break;
        case 'bid':
          bids.set(indexIn(message.from), message.body);
          break;
        case 'won':
          this.#pair(indexIn(message.from), message.body);
          break;
        case 'lost':
          this.#partner = NOBODY;
          break;
        case 'buyer':
        case 'seller':
          this.#shares[message.body.index] = message.body.share;
      }
    }
    if (bids.size > 0) this.#judge(bids);
  }

  #bid(): void {
    let best = NOBODY;
    let most = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < this.#gains.length; index += 1) {
      const left = (this.#gains[index] as number) - (this.#shares[index] as number);
      if (left > most) {
        second = most;
        most = left;
        best = index;
      } else if (left > second) second = left;
    }
    // Where there is only one to turn to, a step is all that it takes.
    if (second === Number.NEGATIVE_INFINITY) second = most;
    this.send(idOf(other(this.#side), best), 'bid', (this.#gains[best] as number) - second + STEP, HOP);
  }

  /** Takes the best bid of a round; of equals, that of the one with the lowest number. */
  #judge(bids: ReadonlyMap<number, number>): void {
    let winner = NOBODY;
    let most = Number.NEGATIVE_INFINITY;
    for (const [bidder, share] of bids) {
      if (share > most || (share === most && bidder < winner)) {
        winner = bidder;
        most = share;
      }
    }
    const them = other(this.#side);
    if (this.#partner === NOBODY) this.send('auctioneer', 'paired', undefined, HOP);
    else this.send(idOf(them, this.#partner), 'lost', undefined, HOP);
    this.send(idOf(them, winner), 'won', (this.#gains[winner] as number) - most, HOP);
    this.#pair(winner, most);
  }

  #pair(partner: number, share: number): void {
    this.#partner = partner;
    this.#share = share;
    this.report('partner', partner);
    this.report('share', share);
    const body = { index: this.#index, share };
    this.broadcast(this.#side === 'buyers' ? 'buyer' : 'seller', body, HOP);
  }
}

function indexIn(id: AgentId): number {
  return Number(String(id).split(' ')[1]) - 1;
}

/** Says whose turn it is: the sides change whenever a round has brought a new pair together. */
class Auctioneer extends Agent<Market> {
  readonly #pairs: number;
  #side: Side;
  #paired = 0;
  #pairedBefore = 0;
  #rounds = 0;
  #turns = 1;

  constructor(pairs: number, starts: Side) {
    super();
    this.#pairs = pairs;
    this.#side = starts;
  }

  override setup(): void {
    this.#call();
  }

  override receive({ topic }: Message<Market>): void {
    if (topic === 'paired') {
      this.#paired += 1;
      return;
    }
    if (this.#paired === this.#pairs) {
      this.stop('all have a partner', this.#rounds);
      return;
    }
    if (this.#paired > this.#pairedBefore) {
      this.#pairedBefore = this.#paired;
      this.#side = other(this.#side);
      this.#turns += 1;
    }
    this.#call();
  }

  #call(): void {
    this.#rounds += 1;
    this.report('rounds', this.#rounds);
    this.report('turns', this.#turns);
    this.broadcast('call', this.#side === 'buyers', HOP);
    this.setAlarm(ROUND, 'next');
  }
}

/**
 * An auction in which the sides take turns, until everybody has a partner and nobody would gain by another one.
 *
 * Source: D. P. Bertsekas, Auction algorithms for network flow problems: a tutorial introduction (1992), the combined
 * forward and reverse auction for the assignment problem. With whole numbers and steps below 1 / (number of pairs) the
 * gain of all deals together is the largest that there is, whoever begins; the sides may only change when a pair was
 * added, or the auction might not end.
 */
export default defineModel({
  name: 'auction',
  help: 'Buyers and sellers bid for each other in turn until no other deals would gain more in all.',
  params: {
    sellers: { type: 'integer', default: 8, min: 1, max: 200, help: 'sellers, with one item each' },
    buyers: { type: 'integer', default: 10, min: 1, max: 200, help: 'buyers, who want one item each' },
    starts: {
      type: 'text',
      default: 'buyers',
      choices: ['buyers', 'sellers'],
      help: 'who bids first',
    },
    worth: {
      type: 'integer',
      default: 100,
      min: 1,
      max: 10_000,
      help: 'most that an item is worth to anybody',
    },
  },
  agents: [Trader, Auctioneer],
  layouts: {
    call: layout('bool'),
    bid: layout('f64'),
    won: layout('f64'),
    buyer: layout({ index: 'u16', share: 'f64' }),
    seller: layout({ index: 'u16', share: 'f64' }),
  },
  lookahead: HOP,
  populate: ({ add, params, seed }) => {
    const gains = gainsOf(params, seed);
    const pairs = gains.length;
    // Those who bid first begin with all that they could hope for, the others with nothing.
    const none = new Float64Array(pairs);
    const hopes: Record<Side, Float64Array> = { buyers: none, sellers: none };
    const columns = gains.map((_, seller) => Float64Array.from(gains, (row) => row[seller] as number));
    const tables: Record<Side, Float64Array[]> = { buyers: gains, sellers: columns };
    hopes[params.starts] = Float64Array.from(tables[params.starts], (row) => Math.max(...row));
    for (const side of ['buyers', 'sellers'] as const) {
      for (let index = 0; index < pairs; index += 1) {
        const share = hopes[side][index] as number;
        const table = tables[side][index] as Float64Array;
        add(Trader, { id: idOf(side, index), args: [side, index, table, share, hopes[other(side)]] });
      }
    }
    add(Auctioneer, { id: 'auctioneer', args: [pairs, params.starts] });
  },
  summarize: ({ results, seed }, params) => {
    const gains = gainsOf(params, seed);
    const pairs = gains.length;
    const unit = pairs + 1;
    const { worth, least } = offersOf(params, seed);
    const partners = gains.map((_, buyer) => results['partner']?.[idOf('buyers', buyer)] as number);
    const shareOf = (side: Side, index: number): number => results['share']?.[idOf(side, index)] as number;
    // What makes it the best: nobody has less than another would leave them, but for a step.
    gains.forEach((row, buyer) => {
      row.forEach((gain, seller) => {
        const shares = shareOf('buyers', buyer) + shareOf('sellers', seller);
        const isFair = partners[buyer] === seller ? shares === gain : shares >= gain - STEP;
        if (!isFair) throw new Error(`buyer ${buyer + 1} and seller ${seller + 1} have ${shares} of ${gain}`);
      });
    });
    // Only differences of shares count: who has no deal has nothing.
    const nothing = shareOf('sellers', pairs - 1);
    const deals = partners
      .map((seller, buyer) => ({ buyer, seller, gain: (gains[buyer]?.[seller] as number) / unit }))
      .filter(({ gain }) => gain > 0)
      .map(({ buyer, seller, gain }) => ({
        buyer: buyer + 1,
        seller: seller + 1,
        worth: worth[buyer]?.[seller] as number,
        price: (least[seller] as number) + (shareOf('sellers', seller) - nothing) / unit,
        gain,
      }));
    return {
      gain: deals.reduce((sum, { gain }) => sum + gain, 0),
      rounds: results['rounds']?.['auctioneer'],
      turns: results['turns']?.['auctioneer'],
      deals,
    };
  },
});
