import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ParseArgsOptionDescriptor } from 'node:util';
import { SimulationError } from '@troupe/core';
import { type Placement, placementFromJson } from '@troupe/core/placement';
import { UsageError } from './usage-error.ts';

/** What was asked for about where agents live. */
export interface PlacementWish {
  /** File that gets a placement made from who talked to whom. */
  readonly save: string | undefined;
  /** File with the placement to be used. */
  readonly use: string | undefined;
  /** Whether agents are dealt out in turn, whatever the model says. */
  readonly dealt: boolean;
  /** Whether agents move while the run goes on. */
  readonly rebalance: boolean;
}

export const PLACEMENT_OPTIONS = {
  'save-placement': { type: 'string' },
  placement: { type: 'string' },
  place: { type: 'string' },
  rebalance: { type: 'boolean' },
} satisfies Record<string, ParseArgsOptionDescriptor>;

export const PLACEMENT_HELP: readonly string[] = [
  '  --save-placement FILE    divide the agents by who talked to whom in this run, and keep that as JSON',
  '  --placement FILE         put the agents where such a file has them',
  '  --place round-robin      deal the agents out in turn instead of as the model does: for comparison',
  '  --rebalance              move agents while the run goes on, so that fewer messages cross',
];

/** @throws {UsageError} for options that do not go together */
export function readPlacementWish(values: Readonly<Record<string, unknown>>): PlacementWish {
  const wish = {
    save: values['save-placement'] as string | undefined,
    use: values['placement'] as string | undefined,
    dealt: values['place'] !== undefined,
    rebalance: values['rebalance'] === true,
  };
  if (wish.dealt && values['place'] !== 'round-robin') {
    throw new UsageError(`--place is ${JSON.stringify(values['place'])}: give round-robin, or leave it out`);
  }
  if (wish.dealt && wish.use !== undefined) {
    throw new UsageError('--place and --placement both say where agents live: leave one out');
  }
  if (wish.save !== undefined && wish.rebalance) {
    throw new UsageError(
      '--save-placement needs the counts of the whole run, and --rebalance begins them anew: leave one out',
    );
  }
  if (wish.save !== undefined) checkTarget(wish.save);
  return wish;
}

/** Found out before the run, not after it. */
function checkTarget(file: string): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
      throw new UsageError(`--save-placement ${file} is a folder: give the name of a file`);
    }
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--save-placement ${file} cannot be written: ${(error as Error).message}`);
  }
}

/**
 * The placement of a file, for so many clusters.
 *
 * @throws {UsageError} naming the file and what is wrong with it
 */
export function loadPlacement(file: string, clusters: number): Placement {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--placement ${file} cannot be read: ${(error as Error).message}`);
  }
  let placement: Placement;
  try {
    placement = placementFromJson(text);
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    throw new UsageError(`--placement ${file}: ${error.message}; --save-placement makes such files`);
  }
  if (placement.clusters === clusters) return placement;
  throw new UsageError(
    `--placement ${file} is for ${placement.clusters} clusters, and this run has ${clusters}: give --clusters ${placement.clusters}, or save one for ${clusters}`,
  );
}
