// The digests of all sims on every line of Node that is supported: `apps/sims/test/known-answers.json`.
//
//   node scripts/known-answers.mjs            runs the sims on all lines and writes what came of it
//   node scripts/known-answers.mjs --check    compares instead, on all lines but this Node's own, which the tests cover
//
// A new sim gets an entry with its default run; to make it shorter, give it `options`, as on the command line, and run
// this again. Exit status: 0 all is as it must be, 1 it is not, 3 a Node cannot be had.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { findNode } from './find-node.mjs';

const UNAVAILABLE = 3;
const root = resolve(import.meta.dirname, '..');
const file = join(root, 'apps/sims/test/known-answers.json');
const program = join(root, 'apps/sims/test/fixtures/digests.ts');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const known = JSON.parse(readFileSync(file, 'utf8'));
const own = process.versions.node.split('.')[0];
const lines = Object.entries(known.lines).filter(([line]) => !(values.check && line === own));
const asked = await Promise.all(lines.map(ask));
const missing = asked.filter(({ node }) => node === undefined);
for (const { version, error } of missing)
  console.error(`Node ${version} cannot be had: ${error.message.split('\n')[0]}`);
const answers = asked.filter(({ digests }) => digests !== undefined);

if (values.check) compare();
else if (missing.length === 0) write();
if (missing.length > 0) process.exitCode ||= UNAVAILABLE;

/** What one line comes to; without `node` where there is none. */
async function ask([line, version]) {
  const begun = performance.now();
  let node;
  try {
    node = await findNode(version);
  } catch (error) {
    return { line, version, error };
  }
  const args = ['--conditions=@troupe/source', '--disable-warning=ExperimentalWarning', program];
  const { stdout } = await promisify(execFile)(node, args, { cwd: root });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`Node ${version}: ${seconds} s`);
  return { line, version, node, digests: JSON.parse(stdout) };
}

function compare() {
  for (const { line, version, digests } of answers) {
    for (const [name, digest] of Object.entries(digests)) {
      const expected = known.sims[name]?.digests[line];
      if (digest === expected) continue;
      console.error(`${name} on Node ${version}: the digest is ${digest}, known is ${expected ?? 'none'}`);
      process.exitCode = 1;
    }
  }
}

function write() {
  const names = Object.keys(answers[0].digests).sort();
  const sims = Object.fromEntries(
    names.map((name) => {
      const options = known.sims[name]?.options ?? '';
      return [
        name,
        { options, digests: Object.fromEntries(answers.map(({ line, digests }) => [line, digests[name]])) },
      ];
    }),
  );
  const differing = names.filter((name) => new Set(Object.values(sims[name].digests)).size > 1);
  writeFileSync(file, `${JSON.stringify({ lines: known.lines, sims }, null, 2)}\n`);
  const said =
    differing.length === 0 ? 'the lines agree on every one' : `the lines differ on ${differing.join(', ')}`;
  console.log(`${names.length} sims: ${said}`);
}
