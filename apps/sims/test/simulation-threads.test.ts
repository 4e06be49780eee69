import { Simulation, type SimulationError, type SimulationOptions } from '@troupe/core';
import { type ThreadsOptions, threads } from '@troupe/transport-worker';
import { describe, expect, test } from 'vitest';

const fixture = (name: string): URL =>
  new URL(`../../../packages/core/test/fixtures/${name}.ts`, import.meta.url);

async function run(name: string, options: SimulationOptions, until = 40) {
  const simulation = new Simulation(fixture(name), options);
  try {
    return await simulation.run({ until });
  } finally {
    await simulation.close();
  }
}

function failure(
  kind: string,
  options: SimulationOptions = {},
  limits: ThreadsOptions = {},
): Promise<SimulationError> {
  return run('trouble', { clusters: 2, transport: threads(limits), params: { kind }, ...options }, 1e6).then(
    () => {
      throw new Error('the run did not fail');
    },
    (error: unknown) => error as SimulationError,
  );
}

describe('a run on threads ends with an error that names', () => {
  test('the agent that threw', async () => {
    const error = await failure('throw');
    expect(error).toMatchObject({ code: 'ERR_TROUPE_AGENT_FAILED', agent: 1, topic: 'go', time: 6 });
    expect(error.stack).toContain('on node 1');
    expect(error.cause).toMatchObject({ name: 'RangeError' });
  });

  test('the node whose code threw outside of every handler', async () => {
    const error = await failure('outside');
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_FAILED', node: 1 });
    expect(error.message).toContain('outside of every handler');
  });

  test('the node that exited', async () => {
    expect(await failure('exit')).toMatchObject({ code: 'ERR_TROUPE_NODE_EXITED', node: 1 });
  });

  test('the node that ran out of memory', async () => {
    const error = await failure('memory', {}, { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_OUT_OF_MEMORY', node: 1 });
  });

  test('the agent that does not return', async () => {
    const error = await failure('loop', { stallTimeout: 200 });
    expect(error).toMatchObject({ code: 'ERR_TROUPE_NODE_STALLED', node: 1, agent: 1, time: 6 });
  });
});

test('the thread that waits for a run stays free', async () => {
  const simulation = new Simulation(fixture('phold'), {
    clusters: 2,
    transport: threads(),
    progressInterval: 1,
  });
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  try {
    const progress: number[] = [];
    simulation.on('progress', ({ simTime }) => progress.push(simTime));
    await simulation.run({ until: 5000 });
    expect(progress.length).toBeGreaterThan(1);
    expect(turns).toBeGreaterThan(1);
  } finally {
    clearInterval(timer);
    await simulation.close();
  }
});

test('pause, resume, step and abort work on threads as in one', async () => {
  const alone = await run('phold', {}, 300);
  const simulation = new Simulation(fixture('phold'), {
    clusters: 2,
    transport: threads(),
    progressInterval: 1,
  });
  try {
    const stepped = await simulation.step();
    expect(stepped).toMatchObject({ reason: 'paused', barriers: 1 });
    simulation.once('progress', () => {
      simulation.pause();
      setImmediate(() => simulation.resume());
    });
    const report = await simulation.run({ until: 300 });
    expect(report.digest).toBe(alone.digest);
    const controller = new AbortController();
    simulation.once('progress', () => controller.abort());
    expect((await simulation.run({ signal: controller.signal })).reason).toBe('aborted');
  } finally {
    await simulation.close();
  }
});
