import { check } from './check.ts';
import { diff } from './diff.ts';
import type { Subcommand } from './subcommand.ts';

/** Loaded when it is asked for: it brings plots. */
const sweep: Subcommand = {
  usage: 'sweep NAME --vary PARAMETER=VALUES',
  help: 'many runs, a CSV and a plot (sweep --help)',
  run: async (args, print) => (await import('../sweep/sweep.ts')).sweep(args, print),
};

/** By name. */
export const COMMANDS: Readonly<Record<string, Subcommand>> = { check, diff, sweep };
