import { afterEach, beforeEach, describe } from 'vitest';
import type { Transport } from '../transport.ts';
import { arrivalSuite } from './arrival-suite.ts';
import { controlSuite } from './control-suite.ts';
import { exchangeSuite } from './exchange-suite.ts';
import { failureSuite } from './failure-suite.ts';
import { flowSuite } from './flow-suite.ts';
import { framesSuite } from './frames-suite.ts';
import { launchSuite } from './launch-suite.ts';
import { leakAudit } from './leak-audit.ts';
import { Stage } from './stage.ts';

/** What the compliance suite must know of a transport. */
export interface ComplianceOptions {
  /** How the suite is called in reports. */
  readonly name: string;
  /** Makes a transport with default options. */
  readonly create: () => Transport;
  /** Makes one with links as short as it allows, so that they are full often. Default: `create`. */
  readonly createSmall?: () => Transport;
  /** Most bytes of frames of up to 100,000 bytes that a link of `createSmall` takes in while nobody reads. */
  readonly linkBytes: number;
  /** Whether each node has a thread or a process of its own, which it can end or block. Default true. */
  readonly isolated?: boolean;
  /** Calls that must be refused with `ERR_TROUPE_TRANSPORT_OPTION`, by what is wrong with them. */
  readonly refused?: Readonly<Record<string, () => Transport>>;
}

/** What the parts of the suite share. */
export interface Suite extends Required<ComplianceOptions> {
  readonly stage: Stage;
}

/**
 * The tests that every transport must pass; call it at the top of a test file of vitest. Each test ends with an audit
 * of what is left of the nodes.
 */
export function complianceSuite(options: ComplianceOptions): void {
  const stage = new Stage();
  const suite: Suite = { createSmall: options.create, isolated: true, refused: {}, ...options, stage };
  const audit = leakAudit();
  describe(`${options.name} complies with the transport contract`, () => {
    beforeEach(audit.before);
    afterEach(async () => {
      await stage.clear();
      await audit.after();
    });
    framesSuite(suite);
    flowSuite(suite);
    arrivalSuite(suite);
    exchangeSuite(suite);
    controlSuite(suite);
    failureSuite(suite);
    launchSuite(suite);
  });
}
