import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, JobOutcome } from './job.ts';

const ENTRY = fileURLToPath(new URL('./entry/job.ts', import.meta.url));

/** A process that runs jobs, one at a time. */
export class JobProcess {
  /** Whether it can be given another job. */
  isAlive = true;
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  #done: ((outcome: JobOutcome) => void) | undefined;
  /** What is said of a job that ends with its process, where it was this side that ended it. */
  #verdict: JobOutcome | undefined;

  constructor() {
    this.#child = fork(ENTRY, [String(process.pid)], {
      // Numbers that JSON does not know travel too.
      serialization: 'advanced',
      // Ctrl-C goes to all processes of a group; what then becomes of the jobs is for this process to decide.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (outcome) => this.#settle(outcome as JobOutcome));
    this.gone = new Promise((resolve) => {
      const end = (how: string): void => {
        this.isAlive = false;
        this.#settle(this.#verdict ?? { kind: 'failed', error: `its process ${how}` });
        resolve();
      };
      this.#child.once('error', (error) => end(`cannot be started: ${error.message}`));
      this.#child.once('exit', (status, signal) =>
        end(signal === null ? `exited with status ${status}` : `was ended by ${signal}`),
      );
    });
  }

  /**
   * Runs a job; no other may be under way. The promise never rejects: a job that takes more than `timeout` milliseconds
   * fails, and the process ends with it.
   */
  run(job: Job, timeout: number): Promise<JobOutcome> {
    return new Promise((done) => {
      const expire = (): void =>
        this.#kill({ kind: 'failed', error: `it took more than ${timeout / 1000} s` });
      const timer = timeout === Number.POSITIVE_INFINITY ? undefined : setTimeout(expire, timeout);
      this.#done = (outcome) => {
        clearTimeout(timer);
        done(outcome);
      };
      this.#child.send(job, (error) => {
        if (error !== null) this.#settle({ kind: 'failed', error: `its process is gone: ${error.message}` });
      });
    });
  }

  /** Ends the process, in the middle of a job too. */
  async end(): Promise<void> {
    this.#kill({ kind: 'cancelled' });
    await this.gone;
  }

  #kill(verdict: JobOutcome): void {
    this.isAlive = false;
    this.#verdict = verdict;
    this.#child.kill('SIGKILL');
  }

  #settle(outcome: JobOutcome): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }
}
