import type { Simjs } from 'simjs';

let loaded: Simjs | undefined;

/** The package of npm is a bundle for pages: it leaves its classes in `window` and exports nothing. */
export async function loadSimjs(): Promise<Simjs> {
  if (loaded !== undefined) return loaded;
  const scope = globalThis as { window?: { Sim?: Simjs } };
  scope.window = {};
  await import('simjs');
  loaded = scope.window.Sim;
  delete scope.window;
  if (loaded === undefined) throw new Error('simjs did not leave Sim in window');
  return loaded;
}
