import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Under what a bench was run: the first line of its output. */
export interface Header {
  readonly node: string;
  readonly v8: string;
  readonly troupe: string;
  /** Versions of the peers: our dev dependencies, pinned exactly. */
  readonly peers: Readonly<Record<string, string>>;
  readonly cpu: string;
  readonly cores: number;
  readonly clock: 'wall' | 'cpu';
  readonly runs: number;
}

export function headerOf(runs: number, clock: Header['clock']): Header {
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    troupe: manifest('@troupe/core/package.json').version,
    peers: manifest('../../package.json').devDependencies,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    clock,
    runs,
  };
}

function manifest(specifier: string): { version: string; devDependencies: Record<string, string> } {
  return JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8'));
}

/** Whether packages are taken as they were built, not from their sources. */
export function isBuilt(): boolean {
  return import.meta.resolve('@troupe/core').endsWith('.js');
}
