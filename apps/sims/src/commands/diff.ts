import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { diffLogs, type EventRecord, fromNdjson, type LogDiff } from '@troupe/core';
import { UsageError } from '../command-line.ts';
import { whole } from '../table.ts';
import type { Subcommand } from './subcommand.ts';

/** `npm run sim -- diff A B`: where two event logs part. */
export const diff: Subcommand = {
  usage: 'diff A B',
  help: 'names the first agent, time and message where two event logs part (written with --log FILE)',
  async run(args, print) {
    const { paths, json, help } = parse(args);
    if (help) {
      for (const line of HELP) print(line);
      return 0;
    }
    const [a, b] = paths;
    if (a === undefined || b === undefined || paths.length > 2) {
      throw new UsageError(`diff takes two event logs, not ${paths.length}: npm run sim -- diff A B`);
    }
    const difference = await diffLogs(readLog(a), readLog(b));
    if (json) print(JSON.stringify(difference));
    else for (const line of describeDiff(difference, [a, b])) print(line);
    return difference.equal ? 0 : 1;
  },
};

const HELP = [
  'npm run sim -- diff A B [--json]',
  '',
  'Compares two event logs, as --log FILE writes them, and names the first agent, time and message where they part.',
  'Exit status: 0 they are the same, 1 they differ, 2 they cannot be compared.',
];

function parse(args: readonly string[]): {
  readonly paths: string[];
  readonly json: boolean;
  readonly help: boolean;
} {
  const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { paths: positionals, json: values.json === true, help: values.help === true };
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (npm run sim -- diff --help)`);
  }
}

async function* readLog(path: string): AsyncGenerator<EventRecord> {
  try {
    yield* fromNdjson(createReadStream(path));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** A difference in lines for people; `names` are those of the two sides. */
export function describeDiff(difference: LogDiff, names: readonly [string, string]): string[] {
  if (difference.equal) return [`the same ${whole(difference.events)} events in both`];
  const { events, agent, time, round, kind, a, b, part } = difference;
  const what =
    kind === 'differs'
      ? 'gets another message'
      : `gets a message in ${kind === 'only-a' ? names[0] : names[1]} only`;
  const width = Math.max(...names.map((name) => name.length));
  const side = (name: string, event: EventRecord | undefined, isIt: boolean): string => {
    if (event === undefined) return `  ${name.padEnd(width)}  has ended`;
    const elsewhere = isIt ? '' : `goes on with agent ${show(event.to)} at time ${event.time} s: `;
    return `  ${name.padEnd(width)}  ${elsewhere}${describeEvent(event)}`;
  };
  return [
    `they part after ${whole(events)} events, at time ${time} s, round ${round}: agent ${show(agent)} ${what}`,
    ...(part === undefined
      ? []
      : [`  ${part.path} is ${show(part.a)} in ${names[0]} and ${show(part.b)} in ${names[1]}`]),
    side(names[0], a, kind !== 'only-b'),
    side(names[1], b, kind !== 'only-a'),
  ];
}

function describeEvent({ topic, from, sentAt, body }: EventRecord): string {
  return `${show(topic)} from agent ${show(from)}, sent at ${sentAt} s, body ${show(body)}`;
}

const LONGEST = 200;

/** A value on one line, cut where it is long. */
export function show(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === 'bigint') return `${member}n`;
      if (typeof member === 'number' && (!Number.isFinite(member) || Object.is(member, -0))) {
        return Object.is(member, -0) ? '-0' : String(member);
      }
      return member instanceof Map || member instanceof Set ? [...member] : member;
    }) ?? 'nothing';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
