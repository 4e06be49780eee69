import type { Model, Report } from '@troupe/core';
import airline from './airline/model.ts';
import auction from './auction.ts';
import chain from './chain.ts';
import conveyors from './conveyors.ts';
import fission from './fission/model.ts';
import gossip from './gossip.ts';
import market, { type Day } from './market/model.ts';
import { money } from './market/protocol.ts';
import phold from './phold.ts';
import scheduling from './scheduling.ts';
import { percent, whole } from './table.ts';

/** A sim that can be run by its name. */
export interface Sim {
  readonly model: Model;
  readonly url: URL;
  /** Clusters when nobody says how many. */
  readonly clusters: number;
  /** Whether its model sums up runs that were cut short, too. */
  readonly sumsUpCut?: true;
  /** Lines for people, beside what every run prints. */
  readonly describe: (results: Readonly<Record<string, unknown>>, report: Report) => string[];
}

/** As many as a glance takes in. */
const few = <T>(all: readonly T[]): readonly T[] => all.slice(0, 12);

/** What somebody has, in words. */
function holdings({ cash, shares }: { cash: number; shares: number[] }, days: readonly Day[]): string {
  return [money(cash), ...days.map(({ symbol }, at) => `${shares[at]} ${symbol}`)].join(', ');
}

const here = (path: string): URL => new URL(path, import.meta.url);

export const CATALOGUE: Readonly<Record<string, Sim>> = {
  airline: {
    model: airline as unknown as Model,
    url: here('./airline/model.ts'),
    clusters: 2,
    describe: () => [],
  },
  auction: {
    model: auction as unknown as Model,
    url: here('./auction.ts'),
    clusters: 2,
    describe: ({ deals, gain, rounds, turns }) => [
      ...few(deals as { buyer: number; seller: number; worth: number; price: number }[]).map(
        ({ buyer, seller, worth, price }) =>
          `deal      buyer ${buyer} pays seller ${seller} ${price.toFixed(1)} for what is worth ${worth}`,
      ),
      `gain      ${gain} by ${(deals as unknown[]).length} deals, after ${whole(rounds as number)} rounds of bids; the sides changed ${(turns as number) - 1} times`,
    ],
  },
  chain: {
    model: chain as unknown as Model,
    url: here('./chain.ts'),
    clusters: 2,
    describe: ({ trail, signed }, { by }) => [
      `trail     ${(trail as number[]).slice(0, 60).join(' > ')}${(trail as number[]).length > 60 ? ' > ...' : ''}`,
      `contract  made by agent ${by?.agent}, signed by ${(signed as number[]).length}`,
    ],
  },
  conveyors: {
    model: conveyors as unknown as Model,
    url: here('./conveyors.ts'),
    clusters: 2,
    describe: ({ handovers, ticks }) => [
      ...few(handovers as { line: number; from: number; to: number; time: number }[]).map(
        ({ line, from, to, time }) =>
          `${time.toFixed(2).padStart(8)} s  line ${line}: conveyor ${from} to ${to}`,
      ),
      ...(ticks === undefined ? [] : [`timer     ${ticks as number} ticks`]),
    ],
  },
  fission: {
    model: fission as unknown as Model,
    url: here('./fission/model.ts'),
    clusters: 1,
    sumsUpCut: true,
    describe: ({ split, whole: left, generations, neutrons, escaped, swallowed }) => [
      `atoms     ${split} split in ${generations} generations, ${left} whole`,
      `neutrons  ${neutrons}, of which ${escaped} escaped and ${swallowed} hit an atom that was split`,
    ],
  },
  gossip: {
    model: gossip as unknown as Model,
    url: here('./gossip.ts'),
    clusters: 2,
    sumsUpCut: true,
    describe: ({ reach, rounds, messagesPerAgent, maxDegree }) => [
      `reach     ${percent(reach as number)} of the agents, on average, heard a rumour, after up to ${rounds} hops`,
      `traffic   ${(messagesPerAgent as number).toFixed(1)} messages per agent and rumour, half of them answers`,
      `network   the agent with most neighbours has ${maxDegree}`,
    ],
  },
  market: {
    model: market as unknown as Model,
    url: here('./market/model.ts'),
    clusters: 2,
    sumsUpCut: true,
    describe: ({ trades, volume, days, you }) => [
      ...(days as Day[]).map(
        ({ symbol, opening, last, volume: shares, trades: count }) =>
          `price     ${symbol} ${money(opening)} > ${money(last)}, ${whole(shares)} shares in ${whole(count)} trades`,
      ),
      `traded    ${whole(volume as number)} shares in ${whole(trades as number)} trades`,
      `you       ${holdings(you as { cash: number; shares: number[] }, days as Day[])}`,
    ],
  },
  phold: {
    model: phold as unknown as Model,
    url: here('./phold.ts'),
    clusters: 2,
    sumsUpCut: true,
    describe: ({ messages, hopsPerMessage, meanDelay }) => [
      `load      ${whole(messages as number)} messages, ${(hopsPerMessage as number).toFixed(1)} hops of each, one in ${(meanDelay as number).toFixed(3)} s`,
    ],
  },
  scheduling: {
    model: scheduling as unknown as Model,
    url: here('./scheduling.ts'),
    clusters: 2,
    describe: ({ makespan, asTheyCame, busiest, offers, order }) => [
      `order     ${few(order as number[]).join(' ')}${(order as number[]).length > 12 ? ' ...' : ''}, after ${whole(offers as number)} offers`,
      `makespan  ${makespan} s; as the jobs came ${asTheyCame} s; the busier machine alone ${busiest} s`,
    ],
  },
};
