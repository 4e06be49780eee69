import { json } from 'node:stream/consumers';
import { SUITES } from '../suites.ts';
import type { Contestant, Work } from './suite.ts';

/** Which contestant a child process is to run, and with what. */
export interface Errand {
  readonly suite: string;
  readonly case: string;
  readonly contestant: string;
  readonly work: Work;
}

/** The program of a child process: runs contestants and tells its parent, a line for each, what that came to. */
async function main(): Promise<void> {
  for (const errand of (await json(process.stdin)) as Errand[]) {
    try {
      const outcome = await find(errand).run(errand.work);
      process.stdout.write(`${JSON.stringify(outcome)}\n`);
    } catch (cause) {
      throw new Error(`${errand.suite} ${errand.case}: ${errand.contestant} failed`, { cause });
    }
  }
}

function find(errand: Errand): Contestant {
  const suite = SUITES.find(({ name }) => name === errand.suite);
  const entry = suite?.cases.find(({ name }) => name === errand.case);
  const contestant = entry?.contestants.find(({ name }) => name === errand.contestant);
  if (contestant === undefined) throw new Error(`no such contestant: ${JSON.stringify(errand)}`);
  return contestant;
}

await main();
