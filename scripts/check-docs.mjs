// Documentation that can go stale: relative links and their anchors resolve; docs/errors.md and the error codes in
// the sources name each other.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';

const ERRORS = 'docs/errors.md';
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', 'out', '.git', '.turbo']);
const root = resolve(process.argv[2] ?? `${import.meta.dirname}/..`);
const problems = [];
const glob = (pattern) =>
  globSync(pattern, { cwd: root, exclude: (path) => SKIPPED.has(basename(path)) }).sort();
const read = (path) => readFileSync(resolve(root, path), 'utf8');
const blank = (text) => text.replace(/[^\n]/g, ' ');
const withoutCode = (text) =>
  text.replace(/^( *)(```+|~~~+)[\s\S]*?^ *\2/gm, blank).replace(/(`+)[^`]+?\1/g, blank);

const pages = glob('{*.md,.changeset/*.md,.github/*.md,{apps,docs,packages,scripts}/**/*.md}');
let links = 0;
for (const page of pages) {
  const text = withoutCode(read(page).replace(/<!--[\s\S]*?-->/g, blank));
  const targets = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm)];
  for (const match of targets) {
    const target = match[1] ?? match[2];
    if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(target)) continue;
    links += 1;
    const [path, anchor] = target.split('#');
    const file = path === '' ? resolve(root, page) : resolve(root, dirname(page), decodeURIComponent(path));
    const at = `${page}:${text.slice(0, match.index).split('\n').length}`;
    if (!existsSync(file)) problems.push(`${at}: ${target} does not exist`);
    else if (relative(root, file).startsWith('..'))
      problems.push(`${at}: ${target} leads out of the repository`);
    else if (anchor && file.endsWith('.md') && statSync(file).isFile() && !anchorsOf(file).has(anchor)) {
      problems.push(`${at}: ${target} has no such heading`);
    }
  }
}

const inSources = new Map();
for (const file of glob('packages/*/src/**/*.ts')) {
  for (const [, code] of read(file).matchAll(/'(ERR_TROUPE_[A-Z0-9_]+)'/g)) inSources.set(code, file);
}
const errorPage = existsSync(resolve(root, ERRORS)) ? read(ERRORS) : '';
const inDocs = new Set(errorPage.match(/\bERR_TROUPE_[A-Z0-9_]+/g));
for (const [code, file] of inSources) {
  if (!inDocs.has(code)) problems.push(`${file}: ${code} is missing in ${ERRORS}`);
}
for (const code of inDocs) if (!inSources.has(code)) problems.push(`${ERRORS}: no source has '${code}'`);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else {
  console.log(`${pages.length} pages, ${links} relative links, ${inSources.size} error codes`);
}

/** The anchors of a page, as GitHub makes them from headings. */
function anchorsOf(file) {
  const seen = new Map();
  const anchors = new Set();
  const text = readFileSync(file, 'utf8').replace(/^( *)(```+|~~~+)[\s\S]*?^ *\2/gm, blank);
  for (const [, heading] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replace(/ /g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}
