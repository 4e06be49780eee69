import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '@troupe/core';
import { CATALOGUE } from '../catalogue.ts';
import { UsageError } from '../command-line.ts';

/** A model that is to be checked, wherever it comes from. */
export interface Guest {
  readonly model: Model;
  /** The address under which nodes load it, and another with its agents placed otherwise. */
  readonly url: URL;
  readonly elsewhere: URL;
}

/** The model behind the name of a sim, a path or a URL. */
export async function findGuest(name: string): Promise<Guest> {
  const address = addressOf(name);
  const guest = new URL('./guest-model.ts', import.meta.url);
  guest.searchParams.set('model', address.href);
  const elsewhere = new URL(guest);
  elsewhere.searchParams.set('elsewhere', '');
  let model: Partial<Model> | undefined;
  try {
    ({ default: model } = (await import(guest.href)) as { default?: Partial<Model> });
  } catch (error) {
    throw new UsageError(`the model ${name} cannot be loaded: ${(error as Error).message}`);
  }
  if (typeof model?.populate !== 'function') {
    throw new UsageError(`${name} is no model: its module must export default defineModel({ ... })`);
  }
  return { model: model as Model, url: guest, elsewhere };
}

function addressOf(name: string): URL {
  const sim = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (sim !== undefined) return sim.url;
  // A letter before the colon is a drive.
  if (/^[a-z][a-z\d+.-]+:/i.test(name) && URL.canParse(name)) return new URL(name);
  const path = resolve(name);
  if (existsSync(path)) return pathToFileURL(path);
  throw new UsageError(
    `there is neither a sim nor a file ${JSON.stringify(name)}: npm run sim lists the sims; give one of them, a path or a URL`,
  );
}
