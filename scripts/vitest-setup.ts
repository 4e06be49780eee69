// Around every test of every file: what it started must be gone when it is over.
import { afterEach, beforeEach } from 'vitest';
import { leakAudit } from '../packages/transport/src/testing/leak-audit.ts';

const audit = leakAudit();
beforeEach(audit.before);
afterEach(audit.after);
