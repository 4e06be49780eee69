/**
 * The tests that every transport must pass, and the audit that goes with them; for vitest.
 *
 * ```ts
 * // test/my-transport.test.ts
 * import { complianceSuite } from '@troupe/transport/testing';
 * import { myTransport } from '../src/index.ts';
 *
 * complianceSuite({ name: 'my transport', create: () => myTransport(), linkBytes: 1 << 20 });
 * ```
 *
 * @packageDocumentation
 */
export { type ComplianceOptions, complianceSuite } from './compliance.ts';
export { type LeakAudit, leakAudit } from './leak-audit.ts';
