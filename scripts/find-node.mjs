// Another release of Node: this one, or npm's package of it.
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { delimiter, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const shell = process.platform === 'win32';

/** The path of a Node of exactly that version. */
export async function findNode(version, { timeout = 120_000 } = {}) {
  if (process.versions.node === version) return process.execPath;
  // npx must see neither our own binaries nor the settings of the pnpm that runs the script.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^(npm_|pnpm_|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$)/i.test(key),
    ),
  );
  env.PATH = process.env.PATH.split(delimiter)
    .filter((folder) => !folder.startsWith(root))
    .join(delimiter);
  const options = { cwd: tmpdir(), env, shell, timeout };
  const flags = ['--yes', '--prefer-offline', `--package=node@${version}`];
  const { stdout } = await promisify(execFile)(
    'npx',
    [...flags, '--', 'node', '-p', 'process.execPath'],
    options,
  );
  const path = stdout.trim().split('\n').at(-1);
  const { stdout: actual } = await promisify(execFile)(path, ['--version'], options);
  if (actual.trim() !== `v${version}`) throw new Error(`${path} is Node ${actual.trim()}, not v${version}`);
  return path;
}
