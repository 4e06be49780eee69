import { subscribe } from 'node:diagnostics_channel';
import { existsSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';

/** How long in milliseconds what was told to end may take to be gone. */
const PATIENCE = 5000;

/** How often the event loop turns before the audit begins to pause between looks. */
const TURNS = 100;

/** What begins the names of files that belong to Troupe. */
const PREFIX = 'troupe';

/** Two hooks for around each test, for example vitest's `beforeEach` and `afterEach`. */
export interface LeakAudit {
  /** Takes stock of what is there. */
  readonly before: () => void;
  /**
   * Waits until nothing is there that was not before.
   * @throws an error that names what is left
   */
  readonly after: () => Promise<void>;
}

/**
 * Sees to it that what a test started is gone when the test is over: what keeps this process's event loop alive
 * (timers, ports, sockets, handles), worker threads, child processes, entries of /dev/shm, and socket files in the
 * temporary and the runtime directory. Of files, those of this user count whose names begin with `troupe`, except where
 * the name says that they belong to another living process: `troupe-PID-...`.
 *
 * ```ts
 * const audit = leakAudit();
 * beforeEach(audit.before);
 * afterEach(audit.after);
 * ```
 *
 * @param patience how long in milliseconds things may take to be gone; default 5,000
 */
export function leakAudit(patience: number = PATIENCE): LeakAudit {
  watchWorkers();
  let known: readonly string[] = [];
  return {
    before() {
      known = takeStock();
    },
    async after() {
      const until = performance.now() + patience;
      for (let turn = 0; ; turn += 1) {
        const left = without(takeStock(), known);
        if (left.length === 0) return;
        if (performance.now() > until) throw new Error(`left behind: ${left.join(', ')}`);
        await (turn < TURNS ? nextTurn() : pause());
      }
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function takeStock(): string[] {
  return [
    ...process.getActiveResourcesInfo(),
    ...Array.from(living, (worker) => `worker thread ${worker.threadId}`),
    ...childProcesses(),
    ...ownEntries('/dev/shm', () => true),
    ...[tmpdir(), process.env['XDG_RUNTIME_DIR']].flatMap((folder) => sockets(folder)),
  ];
}

/** What is in `now` more often than in `before`. */
function without(now: readonly string[], before: readonly string[]): string[] {
  const rest = [...before];
  return now.filter((item) => {
    const index = rest.indexOf(item);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** The worker threads of this process that have not exited, whoever started them. */
const living = new Set<Worker>();
let watching = false;

function watchWorkers(): void {
  if (watching) return;
  watching = true;
  subscribe('worker_threads', (message) => {
    const { worker } = message as { worker: Worker };
    living.add(worker);
    worker.once('exit', () => living.delete(worker));
  });
}

/** Linux tells which processes are whose children; elsewhere they are not audited. */
function childProcesses(): string[] {
  const tasks = `/proc/${process.pid}/task`;
  return list(tasks).flatMap((task) =>
    read(`${tasks}/${task}/children`)
      .split(' ')
      .filter((pid) => pid !== '')
      .map((pid) => `child process ${pid}`),
  );
}

function sockets(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  const inner = ownEntries(folder, (stats) => stats.isDirectory()).flatMap((own) =>
    list(own).map((name) => join(own, name)),
  );
  return [
    ...ownEntries(folder, (stats) => stats.isSocket()),
    ...inner.filter((path) => stat(path)?.isSocket() === true),
  ];
}

/** Files of this user in `folder` that may be ours, as whole paths. */
function ownEntries(folder: string, wanted: (stats: Stats) => boolean): string[] {
  return list(folder)
    .filter((name) => name.startsWith(PREFIX) && !isAnothers(name))
    .map((name) => join(folder, name))
    .filter((path) => {
      const stats = stat(path);
      return stats !== undefined && stats.uid === process.getuid?.() && wanted(stats);
    });
}

function isAnothers(name: string): boolean {
  const pid = Number(/^troupe-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
  return Number.isInteger(pid) && pid !== process.pid && existsSync(`/proc/${pid}`);
}

/** What may vanish while it is looked at. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
