import { registerHooks } from 'node:module';
import type { AgentId, Model } from '@troupe/core';

/*
 * A model from anywhere, as nodes load it: `guest-model.ts?model=URL`, and with `&elsewhere` the same model with its
 * agents placed otherwise.
 */

const query = new URL(import.meta.url).searchParams;

// A model outside of this repository may have no Troupe of its own, and must not use another one than the kernel's.
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@troupe/')) return next(specifier, context);
    try {
      return next(specifier, { ...context, parentURL: import.meta.url });
    } catch {
      return next(specifier, context);
    }
  },
});

const { default: model } = (await import(query.get('model') as string)) as { default: Model };

/** Another placement than any that a model is likely to have: by a hash of the id (FNV-1a, mixed once more). */
function elsewhere(id: AgentId, clusters: number): number {
  let hash = 0x811c9dc5;
  for (const unit of `${typeof id} ${id}`)
    hash = Math.imul(hash ^ (unit.codePointAt(0) as number), 0x01000193);
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) % clusters;
}

export default query.has('elsewhere') ? { ...model, place: elsewhere } : model;
