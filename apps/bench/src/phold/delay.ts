import type { Random } from '@troupe/core';
import type { Shape } from './shape.ts';

/** The delay of a hop, for contestants that draw from {@link Random}. */
export function delayOf({ delays, lookahead }: Shape): (random: Random) => number {
  if (delays === 'constant') return () => 1;
  if (delays === 'ticks') return (random) => 1 + Math.floor(random.exponential(TICKS_MEAN));
  const mean = 1 - lookahead;
  return (random) => lookahead + random.exponential(mean);
}

/** The mean of an exponential time whose whole part is 1 in the mean: a geometric one with ratio 1/2. */
export const TICKS_MEAN: number = 1 / Math.LN2;
