import { headline } from './airline/headline.ts';
import { CATALOGUE } from './catalogue.ts';
import { helpOf, parseCommand, UsageError } from './command-line.ts';
import { COMMANDS } from './commands/commands.ts';
import { stepThrough } from './fission/stepper.ts';
import { liveMarket, runMarket } from './market/play.ts';
import { crossingOf } from './placing.ts';
import { resultsOf, runSim, toJson, wasCut } from './run-sim.ts';
import { percent, whole } from './table.ts';

/** Errors of the kernel that say what was wrong on the command line. */
const USAGE: ReadonlySet<unknown> = new Set([
  'ERR_TROUPE_OPTION',
  'ERR_TROUPE_PARAM',
  'ERR_TROUPE_MODEL_INVALID',
  'ERR_TROUPE_AGENT_STATE',
]);

/** `npm run sim -- NAME [options]`: answers the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const print = (line: string): void => console.log(line);
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    print('npm run sim -- NAME [options]    (--help after the name tells its options)\n');
    for (const [known, { model }] of Object.entries(CATALOGUE)) print(`  ${known.padEnd(12)} ${model.help}`);
    for (const { usage, help } of Object.values(COMMANDS)) print(`\nnpm run sim -- ${usage}\n  ${help}`);
    return 0;
  }
  const other = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (other !== undefined) return other.run(rest, print);
  const sim = Object.hasOwn(CATALOGUE, name) ? CATALOGUE[name] : undefined;
  if (sim === undefined) {
    throw new UsageError(
      `there is no sim ${JSON.stringify(name)}: npm run sim lists ${Object.keys(CATALOGUE).join(', ')}`,
    );
  }
  const command = parseCommand(rest, sim.model.params ?? {}, name);
  if (command.help) {
    print(helpOf(name, sim.model.help ?? '', sim.model.params ?? {}));
    return 0;
  }
  const isWhole = command.until === undefined && command.log === undefined;
  if (name === 'airline' && (command.headline || !command.json) && isWhole) {
    const outcome = await headline(command, command.json ? () => {} : print);
    if (command.json) print(toJson(outcome));
    return 0;
  }
  if (name === 'fission' && command.step) {
    const report = await stepThrough(command, process.stdin, process.stdout);
    for (const line of sim.describe(resultsOf(sim, report, command.params), report)) print(line);
    const how = wasCut(report) ? 'by you' : report.reason;
    print(`ended     ${how} at ${report.simTime} s, ${whole(report.events)} events`);
    print(`digest    ${report.digest}`);
    return 0;
  }
  const clusters = command.clusters ?? sim.clusters;
  const place = { clusters, transport: command.transport };
  if (command.live) {
    for (const line of await liveMarket(sim, command, place, process.stdin, process.stdout)) print(line);
    return 0;
  }
  const outcome =
    name === 'market'
      ? await runMarket(sim, command, place, process.stdin, process.stdout)
      : await runSim(sim, command, place);
  if (command.json) {
    print(toJson(outcome));
    return 0;
  }
  const { report, results } = outcome;
  if (sim.sumsUpCut === true || !wasCut(report))
    for (const line of sim.describe(results, report)) print(line);
  const clusterWord = clusters === 1 ? 'cluster' : 'clusters';
  print(
    `ended     ${report.reason === 'until' ? 'as told' : report.reason} at ${report.simTime} s, ${whole(report.events)} events in ${clusters} ${clusterWord}`,
  );
  const ratio = report.simTime === 0 ? '' : `, ${whole(report.ratio)} times real time`;
  print(`speed     ${whole(report.events / report.wallTime)} events/s${ratio}`);
  print(
    `messages  ${whole(report.local)} within clusters, ${whole(report.remote)} between (${percent(crossingOf(report))})`,
  );
  for (const [label, text] of outcome.placing) print(label.padEnd(10) + text);
  print(`digest    ${report.digest}`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code } = error as { code?: unknown };
  const expected = error instanceof UsageError || USAGE.has(code);
  console.error(expected ? (error as Error).message : error);
  process.exitCode = expected ? 2 : 1;
}
