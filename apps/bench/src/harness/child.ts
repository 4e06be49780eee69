import { SUITES } from '../suites.ts';
import type { Outcome, Work } from './suite.ts';

/** Which contestant a child process is to run, and with what. */
export interface Errand {
  readonly suite: string;
  readonly case: string;
  readonly contestant: string;
  readonly work: Work;
}

/** The program of a child process: runs one contestant once and tells its parent what that came to. */
async function main(): Promise<void> {
  const errand = JSON.parse(process.argv[2] ?? '') as Errand;
  const outcome: Outcome = await find(errand)(errand.work);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

function find(errand: Errand): (work: Work) => Outcome | Promise<Outcome> {
  const suite = SUITES.find(({ name }) => name === errand.suite);
  const entry = suite?.cases.find(({ name }) => name === errand.case);
  const contestant = entry?.contestants.find(({ name }) => name === errand.contestant);
  if (contestant === undefined) throw new Error(`no such contestant: ${JSON.stringify(errand)}`);
  return contestant.run;
}

await main();
