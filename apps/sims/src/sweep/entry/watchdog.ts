// Ends its process when the one that started it, whose id is told, is gone: perhaps by now already.
import { workerData } from 'node:worker_threads';

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, 200);
