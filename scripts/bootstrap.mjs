// Runs a script of the root package.json with the pinned Node and pnpm: `node scripts/bootstrap.mjs NAME args...`.
// Plain JavaScript for any Node with npm. Arguments, standard streams, signals and the exit status pass through.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const shell = process.platform === 'win32';
const { engines, packageManager } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
const pnpmPin = packageManager.split('+')[0];
const pins = [`node@${readFileSync(join(cwd, '.node-version'), 'utf8').trim()}`, pnpmPin];
const [major, minor] = process.versions.node.split('.').map(Number);
const [floorMajor, floorMinor] = engines.node.match(/\d+/g).map(Number);
const installed = existsSync(join(cwd, 'node_modules'));

/** Whether this machine's own Node and pnpm will do. */
function suffices() {
  if (major < floorMajor || (major === floorMajor && minor < floorMinor)) return false;
  return (
    `pnpm@${spawnSync('pnpm', ['--version'], { cwd, shell, encoding: 'utf8' }).stdout?.trim()}` === pnpmPin
  );
}

/** The folder with the pinned tools, from npx. npx itself must not stay in between: it passes no signal on. */
function fetchTools() {
  const has = (folder) => ['node', 'pnpm'].every((tool) => existsSync(join(folder, tool)));
  const note = join(cwd, 'node_modules/.toolchain.json');
  const known = existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')) : {};
  if (known.pins === String(pins) && has(known.folder)) return known.folder;
  const packages = pins.map((pin) => `--package=${pin}`);
  const flags = ['--yes', '--prefer-offline', '--loglevel=error', ...packages, '--'];
  const options = { cwd, shell, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const { status, stdout } = spawnSync('npx', [...flags, 'node', '-p', 'process.env.PATH'], options);
  const folder = stdout?.trim().split(delimiter).find(has);
  if (status !== 0 || !folder) throw new Error(`npx cannot provide ${pins.join(' and ')}`);
  if (installed) writeFileSync(note, JSON.stringify({ pins: String(pins), folder }));
  return folder;
}

const [name, ...args] = process.argv.slice(2);
if (!installed) console.error('First run: installing dependencies, about half a minute.');
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
if (!suffices()) env.PATH = fetchTools() + delimiter + env.PATH;
// The check begins with a frozen install; an install before it would mend the lock file in silence.
if (name === '_check') env.pnpm_config_verify_deps_before_run = 'false';

const child = spawn('pnpm', ['--silent', 'run', name, ...args], { cwd, env, shell, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal sends Ctrl-C to every process itself.
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
}
child.on('exit', (status, signal) => {
  process.exitCode = status ?? 128 + constants.signals[signal];
});
