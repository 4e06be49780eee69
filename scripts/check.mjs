// The full check, behind `npm test`: every step in order, timed, stopping at the first failure.
// `npm test -- --only=types,tests` runs just those steps.
import { spawn, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const shell = process.platform === 'win32';
const temporary = mkdtempSync(join(tmpdir(), 'troupe-check-'));
const testResults = join(temporary, 'tests.json');
const json = `--outputFile.json=${testResults}`;
const env = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
};

/** Steps print only when they fail, except those that stream. */
const STEPS = {
  versions: checkVersions,
  install: () => quiet('pnpm', ['install', '--frozen-lockfile']),
  lint: () => quiet('biome', ['ci', '--colors=off', '--diagnostic-level=warn', '--error-on-warnings']),
  knip: () => quiet('knip', ['--no-progress', '--no-config-hints']),
  imports: () => quiet('node', ['scripts/check-imports.mjs']),
  types: () => quiet('tsc', ['-p', 'tsconfig.json']),
  models: verifyModels,
  tests: () => stream('vitest', ['run', '--coverage', '--reporter=default', '--reporter=json', json]),
  answers: checkAnswers,
  build: () => quiet('turbo', ['run', 'build']),
  packages: () => stream('node', ['scripts/check-packages.mjs']),
  docs: () => quiet('node', ['scripts/check-docs.mjs']),
  changeset: () => quiet('node', ['scripts/check-changeset.mjs']),
  bench: smokeBench,
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? Object.keys(STEPS);
const unknown = chosen.filter((name) => !Object.hasOwn(STEPS, name));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. There are: ${Object.keys(STEPS).join(', ')}`);
  rmSync(temporary, { recursive: true });
  process.exit(2);
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;
const summary = [];
/** What a step could not check, said again at the very end. */
const warnings = [];
const start = performance.now();
for (const name of chosen) {
  const begun = performance.now();
  const warned = warnings.length;
  console.log(`\n▶ ${name}`);
  const failure = await STEPS[name]().then(
    () => undefined,
    (error) => error,
  );
  if (failure) console.error(failure.message);
  const mark = failure ? '✗' : warnings.length > warned ? '!' : '✓';
  const line = `${mark} ${name.padEnd(10)} ${seconds(begun)}${mark === '!' ? '  NOT CHECKED, see below' : ''}`;
  console.log(line);
  summary.push(line);
  if (failure) {
    process.exitCode = 1;
    break;
  }
}
for (const name of chosen.slice(summary.length)) summary.push(`- ${name.padEnd(10)}  not run`);
console.log(`\n${summary.join('\n')}\n  ${'total'.padEnd(10)} ${seconds(start)}\n`);
for (const warning of warnings) console.log(`${warning}\n`);
if (chosen.includes('tests')) reportTests();
rmSync(temporary, { recursive: true, force: true });

/** The totals once more, at the very end and without colour. */
function reportTests() {
  let results;
  try {
    results = JSON.parse(readFileSync(testResults, 'utf8'));
  } catch {
    console.log('no tests were run');
    process.exitCode ||= 1;
    return;
  }
  const files = results.testResults.filter(({ status }) => status === 'passed').length;
  const skipped = results.numPendingTests + results.numTodoTests;
  console.log(` Test Files  ${files} passed (${results.testResults.length})`);
  console.log(`      Tests  ${results.numPassedTests} passed (${results.numTotalTests}), ${skipped} skipped`);
  console.log(`${results.numPassedTests} passed, ${results.numFailedTests} failed`);
}

/** The tools that run are those that are pinned, and nothing of others is left to a range. */
async function checkVersions() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { engines, packageManager } = read('package.json');
  const problems = [];
  const pnpm = spawnSync('pnpm', ['--version'], { encoding: 'utf8', env, shell }).stdout?.trim();
  if (`pnpm@${pnpm}` !== packageManager) problems.push(`pnpm is ${pnpm}, pinned is ${packageManager}`);
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [floorMajor, floorMinor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  if (major < floorMajor || (major === floorMajor && minor < floorMinor)) {
    problems.push(`Node is ${process.versions.node}, needed is ${engines.node}`);
  }
  const pinned = new Map();
  for (const path of ['package.json', ...globSync('{packages,apps}/*/package.json', { cwd: root }).sort()]) {
    const { dependencies, devDependencies, optionalDependencies } = read(path);
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      if (version.startsWith('workspace:')) continue;
      const exact = version.replace(/^npm:.+@/, '');
      if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(exact))
        problems.push(`${path}: ${name} ${version} is not an exact version`);
      const other = pinned.get(name) ?? version;
      if (other !== version) problems.push(`${path}: ${name} is ${version} here and ${other} elsewhere`);
      pinned.set(name, version);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** What a script ends with that lacks a tool. */
const UNAVAILABLE = 3;

/** Runs a script; where it lacks a tool, the check goes on and says so, loudly. */
async function streamIfAvailable(args, warning) {
  try {
    await stream('node', args);
  } catch (error) {
    if (error.status !== UNAVAILABLE) throw error;
    const rule = '*'.repeat(78);
    warnings.push([rule, ...warning.map((line) => `*  ${line}`), rule].join('\n'));
  }
}

/** The models hold and their mutants fail. */
function verifyModels() {
  return streamIfAvailable(
    ['scripts/check-models.mjs'],
    [
      'WARNING: THE MODELS WERE NOT VERIFIED, for want of SPIN or of a C compiler.',
      'That windows end, that no message is late and that no wake-up is lost is',
      'unproved for this state of the sources. Install them and run',
      '    npm test -- --only=models',
    ],
  );
}

/** The tests compare the digests of this Node; this does it for the others. */
function checkAnswers() {
  return streamIfAvailable(
    ['scripts/known-answers.mjs', '--check'],
    [
      'WARNING: THE KNOWN ANSWERS OF THE SIMS WERE NOT COMPARED ON EVERY LINE OF NODE,',
      'since npx could not provide one of them. With a network, run',
      '    npm test -- --only=answers',
    ],
  );
}

/** The benchmarks run and print JSON; how fast they are is not judged here. */
async function smokeBench() {
  const { stdout } = await execute(
    'node',
    ['apps/bench/src/main.ts', '--smoke', '--json'],
    ['ignore', 'pipe', 'inherit'],
  );
  const isJson = (text) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0 || !(isJson(stdout) || lines.every(isJson))) {
    throw new Error(`bench printed something else than JSON:\n${stdout}`);
  }
}

async function quiet(command, args) {
  await execute(command, args, ['ignore', 'pipe', 'pipe']);
}

async function stream(command, args) {
  await execute(command, args, ['ignore', 'inherit', 'inherit']);
}

/** Runs a command to its end; the error of one that fails holds what it printed. */
function execute(command, args, stdio) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, shell, stdio });
    const output = [];
    const stdout = [];
    child.stdout?.on('data', (data) => {
      output.push(data);
      stdout.push(data);
    });
    child.stderr?.on('data', (data) => output.push(data));
    child.on('error', fail);
    child.on('close', (status, signal) => {
      if (status === 0) return done({ stdout: Buffer.concat(stdout).toString() });
      const text = `${Buffer.concat(output)}\n${command} ended with ${signal ?? `status ${status}`}`;
      fail(Object.assign(new Error(text), { status }));
    });
  });
}
