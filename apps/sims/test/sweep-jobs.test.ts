import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Job, JobOutcome } from '../src/sweep/job.ts';
import { JobPool } from '../src/sweep/job-pool.ts';

const job = (trouble: string, seed = 1): Job => ({
  model: new URL('./fixtures/troubled.ts', import.meta.url).href,
  sumsUpCut: false,
  params: { trouble },
  seed,
  until: undefined,
  clusters: 1,
  transport: 'in-process',
});

let pool: JobPool | undefined;

function poolOf(size: number, timeout?: number): JobPool {
  pool = new JobPool(size, timeout);
  return pool;
}

afterEach(async () => {
  await pool?.close();
  pool = undefined;
});

describe('a pool of processes', () => {
  test('answers what a run came to, as far as that is numbers', async () => {
    const outcome = await poolOf(1).run(job('none'));
    expect(outcome).toMatchObject({
      kind: 'done',
      report: { reason: 'idle', simTime: 0, events: 1, results: { infinite: Number.POSITIVE_INFINITY } },
    });
    const { report } = outcome as Extract<JobOutcome, { kind: 'done' }>;
    expect(Object.keys(report.results)).toEqual(['draw', 'infinite']);
    expect(report.digest).toMatch(/^[0-9a-f]{16}$/);
  });

  test('loses the job whose process died, and no other', async () => {
    const troubles = ['none', 'throw', 'kill', 'none', 'exit', 'none'];
    const two = poolOf(2);
    const outcomes = await Promise.all(troubles.map((trouble, index) => two.run(job(trouble, index))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'failed', 'failed', 'done', 'failed', 'done']);
    const errors = outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.error : ''));
    expect(errors[1]).toContain('this model throws');
    expect(errors[2]).toBe('its process was ended by SIGKILL');
    expect(errors[4]).toBe('its process exited with status 7');
  });

  test('gives up a job that takes too long', async () => {
    const outcome = await poolOf(1, 300).run(job('hang'));
    expect(outcome).toEqual({ kind: 'failed', error: 'it took more than 0.3 s' });
  });

  test('cancels what is not done when it is closed', async () => {
    const one = poolOf(1);
    await one.run(job('none'));
    const jobs = [one.run(job('hang')), one.run(job('none'))];
    await one.close();
    expect(await Promise.all(jobs)).toEqual([{ kind: 'cancelled' }, { kind: 'cancelled' }]);
    expect(await one.run(job('none'))).toEqual({ kind: 'cancelled' });
  });

  // Linux tells which processes another one has started.
  test.runIf(existsSync(`/proc/self/task/${process.pid}/children`))(
    'leaves no process behind when its own is killed in the middle of a run',
    async ({ signal }) => {
      const program = join(import.meta.dirname, 'fixtures', 'pool-program.ts');
      const parent = spawn(process.execPath, ['--conditions=@troupe/source', program], {
        stdio: ['ignore', 'inherit', 'pipe'],
      });
      // Its job says so when it hangs.
      await once(parent.stderr, 'data');
      const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8')
        .trim()
        .split(' ');
      expect(children).toHaveLength(1);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      // Nobody tells this process of the end of its grandchild.
      while (isRunning(Number(children[0]))) await delay(20, undefined, { signal });
    },
  );
});

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
