/**
 * For tests of models: an agent on its own.
 *
 * @packageDocumentation
 */
export { type Act, type Probe, type ProbeOptions, probe } from './probe.ts';
