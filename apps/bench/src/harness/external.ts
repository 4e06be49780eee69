import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import type { Contestant } from './suite.ts';

/** `12,345.6 events/s`, as SimPy and others put it; `Event Rate (events/sec)  12345.6`, as ROSS does. */
const NUMBER = String.raw`\d[\d,_]*(?:\.\d+)?(?:e[+-]?\d+)?`;
const UNIT = String.raw`events?\s*(?:\/|per\s+)\s*s(?:ec(?:ond)?s?)?\b`;
const BEFORE = new RegExp(String.raw`(${NUMBER})\s*${UNIT}`, 'gi');
const AFTER = new RegExp(String.raw`${UNIT}\)?\s*[:=]?\s*(${NUMBER})`, 'gi');

/** The last figure in events per second in what a program printed; undefined where there is none. */
export function eventsPerSecond(output: string): number | undefined {
  const found = [...output.matchAll(BEFORE), ...output.matchAll(AFTER)];
  const last = found.sort((a, b) => a.index - b.index).at(-1);
  return last?.[1] === undefined ? undefined : Number(last[1].replace(/[,_]/g, ''));
}

/**
 * A contestant that is a command line, for simulators that are not ours: whatever runs in a shell and prints a figure
 * in events per second.
 */
export function external(name: string, command: string): Contestant {
  return {
    name,
    hasOwnProcess: true,
    run: async () => {
      const { stdout, stderr } = await promisify(exec)(command, { maxBuffer: 1 << 28 });
      const value = eventsPerSecond(`${stdout}\n${stderr}`);
      if (value === undefined) {
        throw new Error(
          `${name} printed no figure in events per second, as in "1234.5 events/s": ${command}\n${stdout}${stderr}`,
        );
      }
      return { value };
    },
  };
}
