import type { Simjs } from 'simjs';

/** The package of npm is a bundle for pages: it leaves its classes in `window` and exports nothing. */
export async function loadSimjs(): Promise<Simjs> {
  const scope = globalThis as { window?: { Sim?: Simjs } };
  scope.window = {};
  await import('simjs');
  const { Sim } = scope.window;
  delete scope.window;
  if (Sim === undefined) throw new Error('simjs did not leave Sim in window');
  return Sim;
}
