import { Worker } from 'node:worker_threads';
import type { Job } from '../job.ts';
import { runJob } from '../run-job.ts';

// The end of the process that started this one must be noticed while a run keeps this thread.
new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: Number(process.argv[2]) }).unref();

process.on('message', (job: Job) => void runJob(job).then((outcome) => process.send?.(outcome)));
process.on('disconnect', () => process.exit());
