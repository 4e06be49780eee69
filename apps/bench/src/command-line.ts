import { parseArgs } from 'node:util';
import type { Suite } from './harness/suite.ts';

/** What was asked for on the command line. */
export interface Options {
  readonly suite: string | undefined;
  /** The one case to run. */
  readonly only: string | undefined;
  readonly runs: number;
  /** Seconds that each throughput is measured for. */
  readonly seconds: number;
  /** Whether throughputs are per second of processor time. */
  readonly cpu: boolean;
  readonly lookahead: number;
  /** Contestants that are command lines. */
  readonly external: readonly { readonly name: string; readonly command: string }[];
  readonly json: boolean;
  readonly smoke: boolean;
}

/** A mistake on the command line: the text says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws {UsageError} naming option and value */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) {
    throw new UsageError(`one suite at a time, not ${positionals.join(' and ')}`);
  }
  if (values.cpu && values.external.length > 0) {
    throw new UsageError('--external tells seconds of the clock on the wall: leave --cpu out');
  }
  const smoke = values.smoke;
  return {
    suite: positionals[0],
    only: values.case,
    runs: smoke ? 1 : number('runs', values.runs, 1, 1000, true),
    seconds: smoke ? 0 : number('seconds', values.seconds, 0.1, 3600, false),
    lookahead: number('lookahead', values.lookahead, 0.001, 0.999, false),
    cpu: values.cpu,
    external: values.external.map(guest),
    json: values.json,
    smoke,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        case: { type: 'string' },
        runs: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '1' },
        lookahead: { type: 'string', default: '0.1' },
        external: { type: 'string', multiple: true, default: [] },
        cpu: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (npm run bench lists the options)`);
  }
}

function guest(text: string): { name: string; command: string } {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0)).trim();
  const command = text.slice(at + 1).trim();
  if (name !== '' && command !== '') return { name, command };
  throw new UsageError(`--external is ${JSON.stringify(text)}: give NAME=COMMAND`);
}

function number(name: string, text: string, least: number, most: number, isWhole: boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  const kind = isWhole ? 'a whole number' : 'a number';
  throw new UsageError(`--${name} is ${JSON.stringify(text)}: give ${kind} from ${least} to ${most}`);
}

/** The command, its suites, their cases and contestants. */
export function usage(suites: readonly Suite[]): string {
  const lines = [
    'npm run bench -- SUITE [options]',
    '',
    '  --case NAME        only this case',
    '  --runs N           runs of each contestant; the figure is their median (default 5)',
    '  --seconds N        seconds that a throughput is measured for, after the warm-up (default 1)',
    '  --cpu              seconds of processor time, where others keep the machine busy (suite kernel)',
    '  --lookahead N      least delay of PHOLD in simulated seconds (default 0.1)',
    "  --external 'NAME=COMMAND'",
    '                     a further contestant: a command that prints a figure in events/s (more than once: several)',
    '  --json             a header and a result per line, as JSON',
    '  --smoke            everything, as little as shows that it works',
  ];
  for (const { name, help, cases } of suites) {
    lines.push('', `${name}: ${help}`);
    for (const entry of cases) {
      lines.push(
        `  ${entry.name.padEnd(18)} ${entry.help}`,
        `  ${''.padEnd(18)}   ${entry.contestants.map((contestant) => contestant.name).join(', ')}`,
      );
    }
  }
  return lines.join('\n');
}
