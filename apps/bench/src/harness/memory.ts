/** The option of Node that {@link memoryInUse} needs. */
export const EXPOSE_GC = '--expose-gc';

/** Bytes in use after a collection: the heap of V8 and what hangs on it, array buffers included. */
export function memoryInUse(): number {
  if (globalThis.gc === undefined) throw new Error(`memory is measured with ${EXPOSE_GC}`);
  // Once for what is unreachable, once more for what the first let go of.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
