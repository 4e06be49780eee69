import { parentPort, workerData } from 'node:worker_threads';
import { runProgram } from '../node/run-program.ts';
import type { WorkerData } from '../protocol.ts';

if (parentPort !== null) void runProgram(workerData as WorkerData, parentPort);
