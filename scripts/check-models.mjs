// Verifies the SPIN models beside the code (packages/*/src/**/*.pml). Each says in its first comment how it is run, and
// which mutants of it must fail, by which property:
//
//   Runs.      NAME  safety|progress|liveness  DEFINITIONS...
//   Mutants.   NAME  in RUN  breaks PROPERTY  what it does
//
// `safety` looks at assertions and deadlocks, `progress` at assertions and at cycles without progress, `liveness` at
// assertions and the formula of the model. A mutant is the model with its name defined, and ONLY=PROPERTY, so that
// nothing else can fail. Exit status: 0 all is as it must be, 1 it is not, 3 there is no SPIN or no C compiler.
import { execFile, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const UNAVAILABLE = 3;
/** Options of the C compiler and of the verifier, and what the latter says of a failure that is no assertion. */
const MODES = {
  safety: { cc: ['-DSAFETY', '-DNOCLAIM'], pan: [], failure: 'invalid end state' },
  progress: { cc: ['-DNP', '-DNOCLAIM'], pan: ['-l'], failure: 'non-progress cycle' },
  liveness: { cc: [], pan: ['-a'], failure: 'acceptance cycle' },
};
/** A verifier that needs longer than this, in milliseconds, or more than so many steps deep, has failed. */
const TIME_LIMIT = 120_000;
const DEPTH = 400_000;

const missing = findMissing();
if (missing.length > 0) {
  console.error(
    [
      '*'.repeat(78),
      `*  THE MODELS ARE NOT VERIFIED: there is no ${missing.join(' and no ')} on this machine,`,
      '*  and it could not be installed. Windows, termination and wake-ups are unproved',
      '*  in this check. On Debian or Ubuntu: apt-get install spin gcc libc6-dev',
      '*'.repeat(78),
    ].join('\n'),
  );
  process.exit(UNAVAILABLE);
}

const scratch = mkdtempSync(join(tmpdir(), 'troupe-models-'));
try {
  const jobs = globSync('packages/*/src/**/*.pml', { cwd: root }).sort().flatMap(jobsOf);
  const begun = performance.now();
  const queue = [...jobs];
  const work = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await verify(job);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  print(jobs);
  const wrong = jobs.filter(({ problem }) => problem !== undefined);
  for (const { model, name, problem } of wrong) console.error(`${model} ${name}: ${problem}`);
  const mutants = jobs.filter(({ breaks }) => breaks !== undefined).length;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${jobs.length - mutants} runs hold, ${mutants} mutants fail, ${wrong.length} are wrong: ${seconds} s`,
  );
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** What is needed and cannot be had. */
function findMissing() {
  const has = (tool) => spawnSync(tool, tool === 'spin' ? ['-V'] : ['--version']).error === undefined;
  const find = () => ['spin', 'cc'].filter((tool) => !has(tool));
  if (find().length > 0 && process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    const packages = find().flatMap((tool) => (tool === 'spin' ? ['spin'] : ['gcc', 'libc6-dev']));
    const apt = (...args) => {
      console.log(`apt-get ${args.join(' ')}`);
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      return (
        spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: TIME_LIMIT })
          .status === 0
      );
    };
    const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
    if (!install() && apt('update')) install();
  }
  return find();
}

/** The runs and mutants of a model, from its first comment. */
function jobsOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const comment = text.slice(0, text.indexOf('*/'));
  const model = basename(path);
  const section = (title) => {
    const [, lines = ''] = new RegExp(`^ \\* ${title}\\.\\n((?: \\*   .*\\n)+)`, 'm').exec(comment) ?? [];
    if (lines === '') throw new Error(`${path}: its first comment has no section "${title}."`);
    return lines.split('\n').filter(Boolean);
  };
  const runs = new Map();
  for (const line of section('Runs')) {
    const [name, mode, ...defines] = line.slice(2).trim().split(/\s+/);
    if (!Object.hasOwn(MODES, mode)) throw new Error(`${path}: run ${name} has no mode: ${mode}`);
    runs.set(name, { path, model, name, mode, defines });
  }
  const mutants = section('Mutants').map((line) => {
    const [, name, run, breaks] = /^ \*\s+([A-Z_]+)\s+in (\w+)\s+breaks ([A-Z]+)\s/.exec(line) ?? [];
    if (!runs.has(run)) throw new Error(`${path}: this is no mutant of a run: ${line}`);
    const { mode, defines } = runs.get(run);
    const asserted = text.includes(`CHECK(${breaks},`);
    return { path, model, name, run, breaks, asserted, mode, defines: [...defines, name, `ONLY=${breaks}`] };
  });
  return [...runs.values(), ...mutants];
}

/** Translates, compiles and runs the verifier of one job; enters states, result and problem. */
async function verify(job) {
  const { path, mode, defines, breaks, asserted } = job;
  const cwd = mkdtempSync(join(scratch, 'job-'));
  const options = MODES[mode];
  const begun = performance.now();
  try {
    await run('spin', [...defines.map((define) => `-D${define}`), '-a', join(root, path)], cwd);
    // A mutant falls at once: there it is the compiler that takes the time.
    await run('cc', [breaks ? '-O0' : '-O1', '-w', ...options.cc, '-o', 'pan', 'pan.c'], cwd);
    // Of a mutant nothing but what it breaks is looked at: -E leaves out deadlocks, -A assertions.
    const narrow = breaks === undefined ? [] : [asserted ? '-E' : '-A'];
    const pan = [...options.pan, ...narrow, '-n', `-m${DEPTH}`, breaks ? '-w18' : '-w22'];
    const output = await run(join(cwd, 'pan'), pan, cwd);
    job.states = Number(/^\s*(\d+) states, stored/m.exec(output)?.[1] ?? Number.NaN);
    const errors = Number(/errors: (\d+)/.exec(output)?.[1] ?? Number.NaN);
    const failure = /^pan:\d+: (.*?) \(at depth/m.exec(output)?.[1];
    job.result = failure === undefined ? 'holds' : asserted ? 'fails by assertion' : `fails by ${failure}`;
    job.problem = judge(job, output, errors, failure);
  } catch (error) {
    job.result = 'no result';
    job.problem = [error.message, error.stdout, error.stderr].filter(Boolean).join('\n');
  }
  job.seconds = (performance.now() - begun) / 1000;
  rmSync(cwd, { recursive: true, force: true });
}

/** What is wrong with the outcome; undefined when nothing is. */
function judge({ breaks, asserted, mode }, output, errors, failure) {
  if (breaks === undefined) {
    if (errors !== 0) return `does not hold: ${failure}`;
    const whole = !/max search depth too small|Search not completed|out of memory/.test(output);
    return whole ? undefined : `the search was not completed:\n${output}`;
  }
  const expected = asserted ? 'assertion violated' : MODES[mode].failure;
  if (errors === 0) return `this mutant passes, though it must break ${breaks}`;
  return failure?.startsWith(expected) ? undefined : `must fail by ${expected}, fails by ${failure}`;
}

async function run(command, args, cwd) {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd,
    timeout: TIME_LIMIT,
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

function print(jobs) {
  const rows = jobs.map((job) => [
    job.model,
    job.breaks === undefined ? job.name : `  ${job.name}`,
    job.breaks === undefined ? job.mode : `breaks ${job.breaks}`,
    Number.isNaN(job.states ?? Number.NaN) ? '' : job.states.toLocaleString('en'),
    `${job.problem === undefined ? '✓' : '✗'} ${job.result}`,
    `${job.seconds.toFixed(1)} s`,
  ]);
  const head = ['model', 'run or mutant', 'what', 'states', 'result', 'time'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (row) =>
    row
      .map((cell, column) =>
        column === 3 || column === 5 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ');
  for (const row of [head, ...rows]) console.log(line(row).trimEnd());
}
