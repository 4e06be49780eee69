import type { Job, JobOutcome } from './job.ts';
import { JobProcess } from './job-process.ts';

/**
 * Runs jobs in processes of their own, several side by side. A process that dies is replaced, and only the job that it
 * had fails.
 */
export class JobPool {
  readonly #timeout: number;
  /** By place: the process there, once it was needed. */
  readonly #processes: (JobProcess | undefined)[];
  readonly #free: number[];
  readonly #queue: { readonly job: Job; readonly done: (outcome: JobOutcome) => void }[] = [];
  #closed = false;

  /**
   * @param size how many run side by side
   * @param timeout milliseconds that a job may take
   */
  constructor(size: number, timeout: number = Number.POSITIVE_INFINITY) {
    this.#timeout = timeout;
    this.#processes = new Array<undefined>(size).fill(undefined);
    this.#free = [...this.#processes.keys()];
  }

  /** Runs a job when its turn has come; jobs begin in the order of the calls. The promise never rejects. */
  run(job: Job): Promise<JobOutcome> {
    return new Promise((done) => {
      this.#queue.push({ job, done });
      this.#next();
    });
  }

  /** Ends all processes, in the middle of a job too: jobs that are not done are cancelled. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#next();
    await Promise.all(this.#processes.map((worker) => worker?.end()));
  }

  #next(): void {
    if (this.#closed) {
      for (const { done } of this.#queue.splice(0)) done({ kind: 'cancelled' });
      return;
    }
    while (this.#queue.length > 0 && this.#free.length > 0) {
      const { job, done } = this.#queue.shift() as { job: Job; done: (outcome: JobOutcome) => void };
      const place = this.#free.pop() as number;
      void this.#runAt(place, job).then((outcome) => {
        this.#free.push(place);
        done(outcome);
        this.#next();
      });
    }
  }

  #runAt(place: number, job: Job): Promise<JobOutcome> {
    let worker = this.#processes[place];
    if (worker === undefined || !worker.isAlive) {
      worker = new JobProcess();
      this.#processes[place] = worker;
    }
    return worker.run(job, this.#timeout);
  }
}
