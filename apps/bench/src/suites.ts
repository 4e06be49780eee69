import type { Suite } from './harness/suite.ts';
import { kernel } from './suites/kernel.ts';
import { threads } from './suites/threads.ts';

/** All suites. Their modules are light: what a contestant needs is imported when it runs. */
export const SUITES: readonly Suite[] = [kernel, threads];
