import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import auction from '../src/auction.ts';
import { type Offers, offersOf } from '../src/auction-offers.ts';
import { runModel } from './run-model.ts';

interface Deal {
  readonly buyer: number;
  readonly seller: number;
  readonly worth: number;
  readonly price: number;
  readonly gain: number;
}

/** The most that deals can gain in all: every way to pair buyers and sellers is tried. */
function mostGain({ worth, least }: Offers, buyer = 0, taken: ReadonlySet<number> = new Set()): number {
  if (buyer === worth.length) return 0;
  let most = mostGain({ worth, least }, buyer + 1, taken);
  for (let seller = 0; seller < least.length; seller += 1) {
    if (taken.has(seller)) continue;
    const gain = (worth[buyer]?.[seller] as number) - (least[seller] as number);
    most = Math.max(most, gain + mostGain({ worth, least }, buyer + 1, new Set([...taken, seller])));
  }
  return most;
}

const sizes = fc.record({
  sellers: fc.integer({ min: 1, max: 5 }),
  buyers: fc.integer({ min: 1, max: 5 }),
  // Few values make many ties.
  worth: fc.constantFrom(1, 2, 5, 30, 1000),
});

describe('the auction', () => {
  test('ends with the largest gain that brute force finds, whichever side starts', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 1e6 }), (size, seed) => {
        const most = mostGain(offersOf(size, seed));
        for (const starts of ['buyers', 'sellers']) {
          const { report, results } = runModel(auction, { ...size, starts }, seed);
          expect(report.reason).toBe('stopped');
          expect(results['gain']).toBe(most);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('sells each item once, to one who wants it, for a price that both can live with', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 1e6 }), (size, seed) => {
        const { worth, least } = offersOf(size, seed);
        const { results } = runModel(auction, size, seed);
        const deals = results['deals'] as Deal[];
        expect(new Set(deals.map(({ buyer }) => buyer)).size).toBe(deals.length);
        expect(new Set(deals.map(({ seller }) => seller)).size).toBe(deals.length);
        for (const deal of deals) {
          expect(deal.worth).toBe(worth[deal.buyer - 1]?.[deal.seller - 1]);
          expect(deal.gain).toBe(deal.worth - (least[deal.seller - 1] as number));
          // Bids go by steps, and may be two of them beyond.
          const steps = 2 / (Math.max(size.sellers, size.buyers) + 2) + 1e-9;
          expect(deal.price).toBeLessThanOrEqual(deal.worth + steps);
          expect(deal.price).toBeGreaterThanOrEqual((least[deal.seller - 1] as number) - steps);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('lets both sides bid', () => {
    const { results } = runModel(auction, { sellers: 20, buyers: 20 });
    expect(results['turns']).toBeGreaterThan(2);
    expect(results['rounds']).toBeGreaterThanOrEqual(results['turns'] as number);
  });

  test('copes with many of each, and with one of each', () => {
    const { results } = runModel(auction, { sellers: 30, buyers: 25 });
    expect(results['gain']).toBe(
      runModel(auction, { sellers: 30, buyers: 25, starts: 'sellers' }).results['gain'],
    );
    expect(runModel(auction, { sellers: 1, buyers: 1 }).results['deals']).toHaveLength(1);
  });
});
