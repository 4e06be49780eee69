// Sources of a package that differ from the last release (tag `v*`; all of them, where there is none yet) need a
// changeset, and every changeset names packages that exist.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
const lines = (...args) =>
  git(...args)
    .stdout.split('\n')
    .filter(Boolean);

if (git('rev-parse', '--verify', '--quiet', 'HEAD').status === 0) check();
else console.log('no history yet, nothing to compare with');

function check() {
  const release = lines('describe', '--tags', '--abbrev=0', '--match=v*')[0];
  const sources = 'packages/*/src/**';
  const changed = release
    ? [
        ...lines('diff', '--name-only', release, '--', `:(glob)${sources}`),
        ...lines('ls-files', '--others', '--exclude-standard', '--', `:(glob)${sources}`),
      ]
    : globSync(`${sources}/*.ts`, { cwd: root });
  const packages = [...new Set(changed.map((path) => path.split(/[\\/]/)[1]))].sort();
  const known = new Set(
    globSync('packages/*/package.json', { cwd: root }).map(
      (path) => JSON.parse(readFileSync(resolve(root, path), 'utf8')).name,
    ),
  );
  const changesets = globSync('.changeset/*.md', { cwd: root }).filter(
    (path) => basename(path) !== 'README.md',
  );
  const problems = [];
  for (const path of changesets) {
    const header = /^---\n([\s\S]*?)\n---\n\s*\S/.exec(readFileSync(resolve(root, path), 'utf8'))?.[1];
    const names = [...(header ?? '').matchAll(/^['"]?([^'"\n]+?)['"]?\s*:\s*(major|minor|patch)\s*$/gm)];
    if (names.length === 0) problems.push(`${path}: names no package, or says nothing about it`);
    for (const [, name] of names) if (!known.has(name)) problems.push(`${path}: there is no package ${name}`);
  }
  const since = release ? `since ${release}` : 'before the first release';
  if (packages.length > 0 && changesets.length === 0) {
    problems.push(`${packages.join(', ')} changed ${since}: add a changeset (pnpm changeset)`);
  }
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    process.exitCode = 1;
  } else {
    console.log(`${packages.length} packages changed ${since}; ${changesets.length} changesets`);
  }
}
