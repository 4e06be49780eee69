// What users get: packs every public package, lints the tarballs (publint, are-the-types-wrong), installs them in a
// scratch project with npm, then imports and requires every export on each Node and type-checks a consumer with each
// TypeScript. `dist` must be built.
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findNode } from './find-node.mjs';

const TYPESCRIPTS = ['5.9.3', '6.0.3'];
const RESOLUTIONS = { nodenext: 'nodenext', bundler: 'esnext' };

const root = resolve(import.meta.dirname, '..');
const shell = process.platform === 'win32';
const readJson = (path) => JSON.parse(readFileSync(resolve(root, path), 'utf8'));
const { devDependencies, engines } = readJson('package.json');
/** The oldest Node that users may have, and the one we develop with. */
const NODES = [
  `${/\d+\.\d+/.exec(engines.node)[0]}.0`,
  readFileSync(join(root, '.node-version'), 'utf8').trim(),
];

const packages = globSync('packages/*/package.json', { cwd: root })
  .sort()
  .map((path) => ({ dir: resolve(root, path, '..'), ...readJson(path) }))
  .filter((manifest) => !manifest.private && existsSync(join(manifest.dir, 'src')));
const entries = packages.flatMap(({ exports, name }) =>
  Object.keys(exports).map((path) => name + path.slice(1)),
);
const scratch = mkdtempSync(join(tmpdir(), 'troupe-packages-'));
const tarballs = new Map();

try {
  await phase('pack', () => each(packages, pack));
  await phase('publint, attw', () => each(packages, lint));
  await phase('install', install);
  const nodes = await phase('find nodes', () => Promise.all(NODES.map((version) => findNode(version))));
  await phase(`import and require on Node ${NODES.join(' and ')}`, () => each(nodes, load));
  const consumers = TYPESCRIPTS.flatMap((version) => Object.keys(RESOLUTIONS).map((how) => [version, how]));
  await phase(`types under TypeScript ${TYPESCRIPTS.join(' and ')}`, () => each(consumers, typeCheck));
  console.log(`${packages.length} packages, ${entries.length} exports`);
} catch (error) {
  const late = error.killed
    ? 'It did not end in time: does an import leave a timer, thread or handle behind?'
    : '';
  console.error([error.message, error.stdout, error.stderr, late].filter(Boolean).join('\n'));
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
}

async function pack({ dir, name }) {
  if (!existsSync(join(dir, 'dist'))) throw new Error(`${name} has no dist; build it first`);
  const { stdout } = await run('pnpm', ['pack', '--json', '--pack-destination', scratch], dir);
  tarballs.set(name, resolve(scratch, JSON.parse(stdout).filename));
}

async function lint({ name }) {
  const bin = (tool) => join(root, 'node_modules/.bin', tool);
  await run(bin('publint'), [tarballs.get(name), '--strict'], root);
  await run(bin('attw'), [tarballs.get(name), '--profile', 'esm-only'], root);
}

async function install() {
  const dependencies = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]));
  const overrides = Object.fromEntries([...tarballs.keys()].map((name) => [name, `$${name}`]));
  const peers = packages.flatMap(({ peerDependencies }) => Object.keys(peerDependencies ?? {}));
  for (const name of ['@types/node', ...peers]) dependencies[name] ??= devDependencies[name];
  for (const version of TYPESCRIPTS) dependencies[`typescript-${version}`] = `npm:typescript@${version}`;
  writeJson('package.json', { name: 'scratch', private: true, type: 'module', dependencies, overrides });
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...flags], scratch);

  const modules = entries.filter((entry) => !entry.endsWith('.json'));
  const [imports, requires] = [modules, entries].map((names) => JSON.stringify(names, null, 2));
  const verify = `if (!Object.keys(module).length) throw new Error(name + ' exports nothing');`;
  write(
    'import.mjs',
    `for (const name of ${imports}) {\n  const module = await import(name);\n  ${verify}\n}\n`,
  );
  write(
    'require.cjs',
    `for (const name of ${requires}) {\n  const module = require(name);\n  ${verify}\n}\n`,
  );
  const names = modules.map((_, index) => `m${index}`);
  const uses = `console.log(${names.join(', ')});\n`;
  const use = (line) => `${modules.map((name, index) => line(names[index], name)).join('\n')}\n${uses}`;
  write(
    'consumer.mts',
    use((id, name) => `import * as ${id} from '${name}';`),
  );
  write(
    'consumer.cts',
    use((id, name) => `import ${id} = require('${name}');`),
  );
}

/** A module that keeps the process alive after its import fails here too. */
async function load(node) {
  for (const script of ['import.mjs', 'require.cjs']) await run(node, [script], scratch, 20_000);
}

async function typeCheck([version, moduleResolution]) {
  const config = `tsconfig.${version}.${moduleResolution}.json`;
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    module: RESOLUTIONS[moduleResolution],
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  // `import x = require()` is CommonJS syntax, which a bundler's ES modules do not have.
  const files = moduleResolution === 'bundler' ? ['consumer.mts'] : ['consumer.mts', 'consumer.cts'];
  writeJson(config, { compilerOptions, files });
  await run(process.execPath, [`node_modules/typescript-${version}/bin/tsc`, '-p', config], scratch);
}

async function phase(name, work) {
  const start = performance.now();
  try {
    return await work();
  } finally {
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

/** Runs the work of all items, as many at a time as there are cores. */
async function each(items, work) {
  const queue = [...items];
  const drain = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, drain));
}

function run(command, args, cwd, timeout = 120_000) {
  // The scratch project must see neither our own binaries nor the settings of the pnpm that runs this script.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^(npm_|pnpm_|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$)/i.test(key),
    ),
  );
  if (command === 'npm') {
    const outside = (folder) => !folder.startsWith(root);
    env.PATH = process.env.PATH.split(delimiter).filter(outside).join(delimiter);
  }
  return promisify(execFile)(command, args, { cwd, env, shell, timeout, maxBuffer: 2 ** 26 });
}

function write(name, text) {
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, name), text);
}

function writeJson(name, value) {
  write(name, `${JSON.stringify(value, null, 2)}\n`);
}
