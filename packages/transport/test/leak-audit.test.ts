import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { leakAudit } from '../src/testing/index.ts';

/** Starts something that stays, and answers how to end it. */
type Start = () => Promise<() => unknown>;

const LEFT: Readonly<Record<string, readonly [what: RegExp, start: Start]>> = {
  'a timer': [
    /Timeout/,
    async () => {
      const timer = setInterval(() => {}, 1_000_000);
      return () => clearInterval(timer);
    },
  ],
  'a server': [
    /TCP/,
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return () => server.close();
    },
  ],
  'a message port': [
    /MessagePort/,
    async () => {
      const { port1 } = new MessageChannel();
      port1.on('message', () => {});
      return () => port1.close();
    },
  ],
  'a thread': [
    /worker thread \d+/,
    async () => {
      const worker = new Worker('setInterval(() => {}, 1_000_000)', { eval: true });
      await once(worker, 'online');
      return () => worker.terminate();
    },
  ],
  'a thread that does not keep the process alive': [
    /worker thread \d+/,
    async () => {
      const worker = new Worker('setInterval(() => {}, 1_000_000)', { eval: true });
      worker.unref();
      return () => worker.terminate();
    },
  ],
  'a child process': [
    /child process \d+/,
    async () => {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000_000)'], { stdio: 'ignore' });
      await once(child, 'spawn');
      child.unref();
      return () => child.kill('SIGKILL');
    },
  ],
  'a socket file in a directory of ours': [
    /troupe-.*socket/,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), `troupe-${process.pid}-`));
      const server = createServer().listen(join(folder, 'socket'));
      await once(server, 'listening');
      server.unref();
      return () => {
        server.close();
        rmSync(folder, { recursive: true, force: true });
      };
    },
  ],
};

describe('the leak audit', () => {
  it.each(Object.entries(LEFT))('names %s that is left', async (_name, [what, start]) => {
    const audit = leakAudit(0);
    audit.before();
    const end = await start();
    try {
      await expect(audit.after()).rejects.toThrow(what);
    } finally {
      await end();
    }
  });

  it.each(Object.entries(LEFT))('waits for %s that is about to go', async (_name, [, start]) => {
    const audit = leakAudit();
    audit.before();
    const end = await start();
    setImmediate(() => void end());
    await audit.after();
  });

  it.each(Object.entries(LEFT))('leaves alone %s that was there before', async (_name, [, start]) => {
    const audit = leakAudit(0);
    const end = await start();
    try {
      audit.before();
      await audit.after();
    } finally {
      await end();
    }
  });

  it.runIf(existsSync('/dev/shm'))(
    'names shared memory of ours, but not of another living process',
    async () => {
      const audit = leakAudit(0);
      audit.before();
      const ours = `/dev/shm/troupe-${process.pid}-audit`;
      const theirs = `/dev/shm/troupe-${process.ppid}-audit`;
      try {
        writeFileSync(theirs, '');
        await audit.after();
        writeFileSync(ours, '');
        await expect(audit.after()).rejects.toThrow(new Error(`left behind: ${ours}`));
      } finally {
        for (const path of [ours, theirs]) rmSync(path, { force: true });
      }
    },
  );
});
