import type { Suite } from './harness/suite.ts';
import { conveyors } from './suites/conveyors.ts';
import { kernel } from './suites/kernel.ts';
import { parallel } from './suites/parallel.ts';
import { threads } from './suites/threads.ts';

/** All suites. Their modules are light: what a contestant needs is imported when it runs. */
export const SUITES: readonly Suite[] = [kernel, threads, conveyors, parallel];
