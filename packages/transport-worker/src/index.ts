/**
 * Nodes on worker threads: frames travel through rings in shared memory, and the collective blocks there.
 *
 * ```ts
 * import { Simulation } from '@troupe/core';
 * import { threads } from '@troupe/transport-worker';
 *
 * const simulation = new Simulation(new URL('./model.js', import.meta.url), { clusters: 2, transport: threads() });
 * ```
 *
 * @packageDocumentation
 */
export { type ThreadsOptions, threads } from './threads.ts';
