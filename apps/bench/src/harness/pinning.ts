import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TASKSET = 'taskset';

/** The command that runs what follows on the first `count` processors that this process may use. */
export function pinnedTo(count: number): string[] {
  return [TASKSET, '--cpu-list', processors().slice(0, count).join(',')];
}

/** Why nothing can be pinned to so many processors here; undefined where it can. */
export function cannotPin(count: number): string | undefined {
  if (spawnSync(TASKSET, ['--version']).status !== 0) {
    return 'there is no taskset to pin it with (Linux, package util-linux)';
  }
  const { length } = processors();
  return length < count ? `it needs ${count} processors, here is ${length}` : undefined;
}

/** The processors that this process may use: `0-3,8` in full. */
function processors(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
}
