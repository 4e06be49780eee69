// Who may import whom: `node scripts/check-imports.mjs [ROOT]`. Arrows never run the other way, and nobody reaches
// into another package's files.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

/** Our packages that a package may import. Apps may import every package. */
const MAY_IMPORT = {
  transport: [],
  shm: [],
  'transport-worker': ['transport', 'shm'],
  'transport-shm': ['transport', 'shm'],
  'transport-zmq': ['transport'],
  core: ['transport'],
  process: ['transport', 'shm'],
  runner: ['process'],
  'runner-postgres': ['runner'],
};

const SCOPE = '@troupe/';
const RUNTIME = ['dependencies', 'peerDependencies', 'optionalDependencies'];
const root = resolve(process.argv[2] ?? `${import.meta.dirname}/..`);
const problems = [];
const list = (names) => (names.length > 0 ? names.join(', ') : 'none of our packages');
const within = (folder, path) => path === folder || path.startsWith(folder + sep);

const rooms = globSync('{packages,apps}/*/package.json', { cwd: root })
  .sort()
  .map((path) => {
    const [kind, name] = path.split(sep);
    return { kind, name, dir: dirname(resolve(root, path)), manifest: readJson(resolve(root, path)) };
  });
const packages = new Map(rooms.filter(({ kind }) => kind === 'packages').map((room) => [room.name, room]));
for (const room of rooms) checkRoom(room);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`${problems.length} forbidden ${problems.length === 1 ? 'import' : 'imports'}`);
  process.exitCode = 1;
} else {
  console.log(`${rooms.length} packages and apps import only what they may`);
}

function checkRoom(room) {
  const { dir, kind, manifest, name } = room;
  const where = `${kind}/${name}/package.json`;
  if (kind === 'packages' && !(name in MAY_IMPORT)) {
    problems.push(`${where}: unknown package; say in scripts/check-imports.mjs what it may import`);
    return;
  }
  const allowed = kind === 'apps' ? [...packages.keys()] : MAY_IMPORT[name];
  const declared = (fields) =>
    fields
      .flatMap((field) => Object.keys(manifest[field] ?? {}))
      .filter((dependency) => dependency.startsWith(SCOPE));
  for (const dependency of declared([...RUNTIME, 'devDependencies'])) {
    if (!allowed.includes(dependency.slice(SCOPE.length))) {
      problems.push(`${where}: depends on ${dependency}; it may import ${list(allowed)}`);
    }
  }
  for (const file of globSync('{src,test}/**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: dir }).sort()) {
    const inSource = file.startsWith(`src${sep}`);
    const importable = declared(inSource ? RUNTIME : [...RUNTIME, 'devDependencies']);
    for (const { line, partial, specifier } of specifiersOf(resolve(dir, file))) {
      const complain = (text) => problems.push(`${kind}/${name}/${file}:${line}: '${specifier}' ${text}`);
      checkSpecifier({
        allowed,
        complain,
        file: resolve(dir, file),
        importable,
        inSource,
        partial,
        room,
        specifier,
      });
    }
  }
}

function checkSpecifier({ allowed, complain, file, importable, inSource, partial, room, specifier }) {
  if (/^(\/|file:)/.test(specifier)) return complain('is an absolute path');
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(file), specifier);
    const home = inSource ? resolve(room.dir, 'src') : room.dir;
    const isManifest = target === resolve(room.dir, 'package.json');
    // A scenario that runs on every transport belongs to an app; the models it runs lie with the kernel's own tests.
    const isFixture =
      !inSource && /^packages\/[^/]+\/test\/fixtures(\/|$)/.test(relative(root, target).replaceAll(sep, '/'));
    if (!within(home, target) && !isManifest && !isFixture) complain(`leads out of ${relative(root, home)}`);
    return;
  }
  if (!specifier.startsWith(SCOPE)) return;
  const [name, ...rest] = specifier.slice(SCOPE.length).split('/');
  const itself = room.kind === 'packages' && name === room.name;
  if (itself && inSource) return complain("is the package's own public name; use a relative path");
  if (!itself && !allowed.includes(name)) return complain(`is not allowed; it may import ${list(allowed)}`);
  if (!itself && !importable.includes(SCOPE + name)) return complain('is not among its dependencies');
  const subpath = ['.', ...rest].join('/');
  const target = packages.get(name);
  if (!target) return complain('does not exist');
  if (!partial && !(subpath in target.manifest.exports)) complain(`is not exported by ${SCOPE}${name}`);
}

/** Everything in a file that names another module: import, export from, import(), import types, new URL, resolve. */
function specifiersOf(path) {
  const source = readFileSync(path, 'utf8');
  const { errors, program } = parseSync(path, source);
  if (errors.length > 0) problems.push(`${relative(root, path)}: ${errors[0].message}`);
  const found = [];
  const add = (node) => {
    const text = node?.type === 'Literal' ? node.value : node?.quasis?.[0]?.value.cooked;
    if (typeof text !== 'string' || text === '') return;
    const line = source.slice(0, node.start).split('\n').length;
    found.push({ line, partial: (node.expressions?.length ?? 0) > 0, specifier: text });
  };
  const visit = (node) => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node?.type !== 'string') return;
    if (/^(ImportDeclaration|Export(All|Named)Declaration|ImportExpression|TSImportType)$/.test(node.type)) {
      add(node.source ?? node.argument?.literal ?? node.argument);
    } else if (node.type === 'TSExternalModuleReference') {
      add(node.expression);
    } else if (
      node.type === 'NewExpression' &&
      node.callee.name === 'URL' &&
      isImportMeta(node.arguments[1]?.object)
    ) {
      add(node.arguments[0]);
    } else if (node.type === 'CallExpression') {
      const { callee } = node;
      const resolves = callee.property?.name === 'resolve' && isImportMeta(callee.object);
      if (resolves || callee.name === 'require' || callee.object?.name === 'require') add(node.arguments[0]);
    }
    for (const child of Object.values(node)) if (child !== null && typeof child === 'object') visit(child);
  };
  visit(program);
  return found;
}

function isImportMeta(node) {
  return node?.type === 'MetaProperty' && node.meta.name === 'import';
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
