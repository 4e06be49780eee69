import { Random } from '@troupe/core';

interface Size {
  readonly sellers: number;
  readonly buyers: number;
  readonly worth: number;
}

/** What is on offer: by buyer and seller what the item is worth to the buyer, and by seller the least that it takes. */
export interface Offers {
  readonly worth: readonly Float64Array[];
  readonly least: Float64Array;
}

/** The offers of a run: whole numbers. */
export function offersOf({ sellers, buyers, worth }: Size, seed: number): Offers {
  const random = Random.of(seed, 'offers');
  const draw = (most: number): number => random.integer(most + 1);
  const least = Float64Array.from({ length: sellers }, () => draw(Math.floor(worth / 2)));
  return {
    least,
    worth: Array.from({ length: buyers }, () => Float64Array.from({ length: sellers }, () => draw(worth))),
  };
}

/**
 * What each two gain by a deal, as multiples of the number of pairs plus one, so that with steps of 1 all shares
 * together are less than 1 of the original units from the best. Both sides are filled up to one more than the larger
 * with stand-ins who gain nothing with anybody: whoever is left with one of them has no deal.
 */
export function gainsOf(size: Size, seed: number): Float64Array[] {
  const pairs = Math.max(size.sellers, size.buyers) + 1;
  const { worth, least } = offersOf(size, seed);
  const gain = (buyer: number, seller: number): number =>
    Math.max(0, (worth[buyer]?.[seller] ?? 0) - (least[seller] ?? 0)) * (pairs + 1);
  return Array.from({ length: pairs }, (_, buyer) =>
    Float64Array.from({ length: pairs }, (_, seller) => gain(buyer, seller)),
  );
}
