import {
  Agent,
  type AgentClass,
  type AgentId,
  defineModel,
  type EventRecord,
  layout,
  type Message,
  type Model,
  Scheduler,
  Simulation,
  type SimulationError,
  type SimulationOptions,
} from '@troupe/core';
import type { Layout } from '@troupe/transport';
import { describe, expect, test } from 'vitest';

/** A model of some agents of these classes, placed by the last digit of their ids. */
function modelOf(classes: readonly AgentClass[], ids: readonly AgentId[], more: Partial<Model> = {}): Model {
  return defineModel({
    name: 'small',
    agents: classes,
    place: (id, clusters) => Number(String(id).at(-1)) % clusters,
    populate: ({ add }) => {
      for (const [index, id] of ids.entries()) {
        add(classes[Math.min(index, classes.length - 1)] as AgentClass, { id });
      }
    },
    ...more,
  }) as Model;
}

/** What comes of `use` in 1, 2 and 3 clusters: it must be the same, and is answered once. */
async function everywhere<T>(
  model: Model,
  use: (simulation: Simulation) => Promise<T>,
  options: SimulationOptions = {},
): Promise<T> {
  const seen: T[] = [];
  for (const clusters of [1, 2, 3]) {
    const simulation = new Simulation(model, { clusters, ...options });
    try {
      seen.push(await use(simulation));
    } finally {
      await simulation.close();
    }
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
  return seen[0] as T;
}

const messageOf = (error: unknown): string => (error as Error).message;

describe('wherever the agents are', () => {
  test('the name of an alarm is the same, so that it can be sent', async () => {
    class Setter extends Agent {
      override setup(): void {
        this.setAlarm(1, 'ring');
      }
      override receive({ topic }: Message): void {
        if (topic !== 'ring') return;
        const alarm = this.setAlarm(1, 'ring');
        this.report('alarm', alarm);
        this.send(0, 'name', alarm, 0.5);
      }
    }
    await everywhere(modelOf([Setter], [0, 1, 2, 3]), async (simulation) => {
      const { digest, results } = await simulation.run({ until: 5 });
      return { digest, results };
    });
  });

  test('no time is spent on an alarm to another that was called back', async () => {
    class Fickle extends Agent {
      override setup(): void {
        if (this.id === 0) this.send(0, 'go', undefined, 1);
      }
      override receive({ topic }: Message): void {
        if (topic === 'go') this.cancelAlarm(this.setAlarm(5, 'never', undefined, { to: 1 }));
      }
    }
    class Awake extends Agent {
      readonly #seen: number[] = [];
      override setup(): void {
        this.keepAwake = true;
      }
      override update(): void {
        this.#seen.push(this.time);
        this.report('seen', [...this.#seen]);
      }
    }
    const model = modelOf([Fickle, Fickle, Awake], [0, 1, 2]);
    const { simTime, results } = await everywhere(model, async (simulation) => {
      const report = await simulation.run();
      return { simTime: report.simTime, results: report.results };
    });
    expect(simTime).toBe(1);
    expect(results).toEqual({ seen: { 2: [1] } });
  });

  test('an alarm to another is out of sight in the round in which it is delivered', async () => {
    class Looking extends Agent {
      override setup(): void {
        if (this.id === 0) this.setAlarm(1, 'ring', undefined, { to: 1 });
        if (this.id === 4) this.send(0, 'look', undefined, 1);
      }
      override receive({ topic }: Message): void {
        if (topic === 'look') this.report('pending', this.alarms().length);
      }
    }
    for (const ids of [
      [4, 0, 1],
      [1, 0, 4],
    ]) {
      const results = await everywhere(
        modelOf([Looking], ids),
        async (simulation) => (await simulation.run()).results,
      );
      expect(results).toEqual({ pending: { 0: 0 } });
    }
  });

  test('of those that fail in one instant the least is named, also when they fail again', async () => {
    class Stubborn extends Agent {
      #setups = 0;
      override setup(): void {
        this.#setups += 1;
        if (this.#setups > 1) throw new Error('again');
        if (this.id === 5) for (const id of [3, 2]) this.send(id, 'go', undefined, 1);
      }
      override receive(): void {
        throw new Error('no');
      }
    }
    const failed = await everywhere(
      modelOf([Stubborn], [2, 3, 5]),
      (simulation) => simulation.run().then(() => '', messageOf),
      { onError: 'restart' },
    );
    expect(failed).toMatch(/^agent 2 threw/);
  });

  test('two failures of one agent in one instant are told apart', async () => {
    class Parent extends Agent {
      override setup(): void {
        if (this.id === 5) this.send(5, 'go', undefined, 1);
      }
      override receive(): void {
        this.add(Parent, { id: 1 });
        this.add(Parent, { id: 0 });
      }
    }
    const failed = await everywhere(modelOf([Parent], [0, 1, 5]), (simulation) =>
      simulation.run().then(() => '', messageOf),
    );
    expect(failed).toMatch(/there is an agent 0 already/);
  });

  test('who has thrown gets nothing further, whoever else has', async () => {
    class Failing extends Agent {
      override setup(): void {
        if (this.id !== 4) return;
        for (const turn of [0, 1]) for (const id of [0, 1]) this.send(id, 'go', turn, 1);
      }
      override receive(): void {
        throw new Error('no');
      }
    }
    const got = await everywhere(
      modelOf([Failing], [0, 1, 4]),
      async (simulation) => {
        const events: EventRecord[] = [];
        const reading = (async () => {
          for await (const event of simulation.eventLog()) events.push(event);
        })();
        await expect(simulation.run()).rejects.toThrow('agent 0 threw');
        await reading;
        return events.map(({ to, body }) => [to, body]);
      },
      { eventLog: true },
    );
    expect(got).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  test('rounds without end stop after as many calls', async () => {
    let calls = 0;
    class Endless extends Agent {
      override setup(): void {
        this.send(1 - (this.id as number), 'go');
      }
      override receive({ from }: Message): void {
        calls += 1;
        this.send(from, 'go');
      }
    }
    await everywhere(
      modelOf([Endless], [0, 1]),
      async (simulation) => {
        calls = 0;
        await expect(simulation.run()).rejects.toMatchObject({ code: 'ERR_TROUPE_ROUNDS', time: 0 });
        return calls;
      },
      { roundLimit: 100 },
    );
  });

  test('counts of 1 and of "1" are told apart', async () => {
    class Counted extends Agent {
      override setup(): void {
        if (this.id !== 1) return;
        for (const [to, delay] of [
          ['1', 1],
          ['1', 2],
          [1, 3],
        ] as const)
          this.send(to, 'go', undefined, delay);
      }
      override receive(): void {}
    }
    const counters = await everywhere(
      modelOf([Counted], [1, '1']),
      async (simulation) => (await simulation.run()).counters,
      { counters: true },
    );
    expect(counters?.byAgent).toEqual({ 1: 1, '"1"': 2 });
  });

  test('what an agent logs is what it was then', async () => {
    class Logging extends Agent {
      readonly #state = { count: 0 };
      override setup(): void {
        this.send(this.id, 'go', undefined, 1);
      }
      override receive(): void {
        this.#state.count += 1;
        this.log('info', 'state', this.#state);
        if (this.#state.count < 5) this.send(this.id, 'go', undefined, 1);
      }
    }
    const logged = await everywhere(
      modelOf([Logging], [0]),
      async (simulation) => {
        const seen: unknown[] = [];
        simulation.on('log', ({ data }) => seen.push(data));
        await simulation.run();
        return seen;
      },
      { logLevel: 'info' },
    );
    expect(logged).toEqual([1, 2, 3, 4, 5].map((count) => ({ count })));
  });
});

test('an agent that threw gets all of its messages again in the next run', () => {
  const heard: unknown[] = [];
  class Nervous extends Agent {
    override receive({ body }: Message): void {
      if (body === 'boo') throw new Error('no');
      heard.push(body);
    }
  }
  const scheduler = new Scheduler();
  scheduler.add(new Nervous('ann'));
  scheduler.send('ann', 'say', 'boo');
  expect(() => scheduler.run()).toThrow('no');
  for (const word of ['one', 'two', 'three']) scheduler.send('ann', 'say', word);
  scheduler.run();
  expect(heard).toEqual(['one', 'two', 'three']);
});

describe('alarms that are discarded at the end', () => {
  class Timed extends Agent {
    readonly #got: string[] = [];
    override setup(): void {
      for (const due of [10, 12]) this.setAlarm(due, `at ${due}`);
      this.setAlarm(0.5, 'tick');
    }
    override receive({ topic }: Message): void {
      if (topic === 'tick') {
        if (this.time < 9) this.send(this.id, 'tick', undefined, 0.5);
        return;
      }
      this.#got.push(topic);
      this.report('got', [...this.#got]);
    }
  }

  test('are those that are due at that very time, too', async () => {
    const results = await everywhere(modelOf([Timed], [0, 1]), async (simulation) => {
      await simulation.run({ until: 10, clearAlarmsAtEnd: true });
      return (await simulation.run({ until: 20 })).results;
    });
    expect(results).toEqual({});
  });

  test('are kept while the run is only held', async () => {
    const results = await everywhere(modelOf([Timed], [0, 1]), async (simulation) => {
      simulation.on('paused', () => setImmediate(() => simulation.resume()));
      const running = simulation.run({ until: 11, clearAlarmsAtEnd: true });
      simulation.pause();
      return (await running).results;
    });
    expect(results).toEqual({ got: { 0: ['at 10'], 1: ['at 10'] } });
  });
});

class Ticking extends Agent {
  override setup(): void {
    this.setAlarm(0.5, 'tick');
  }
  override receive(): void {
    this.setAlarm(0.5, 'tick');
  }
}

describe('a simulation that is held', () => {
  test('can be aborted', async () => {
    const reason = await everywhere(modelOf([Ticking], [0, 1]), async (simulation) => {
      const controller = new AbortController();
      simulation.pause();
      const running = simulation.run({ signal: controller.signal });
      await simulation.start();
      setImmediate(() => controller.abort());
      return (await running).reason;
    });
    expect(reason).toBe('aborted');
  });

  test('still goes step by step', async () => {
    const steps = await everywhere(modelOf([Ticking], [0, 1]), async (simulation) => {
      simulation.pause();
      return [(await simulation.step()).events, (await simulation.step()).events];
    });
    expect(steps).toEqual([2, 2]);
  });
});

test('a subscriber sees a body as its layout makes it, wherever its receiver is', async () => {
  class Speaker extends Agent {
    override setup(): void {
      if (this.id === 0) this.setAlarm(1, 'speak');
      if (this.id === 2) this.subscribe({ receiver: 1 });
    }
    override receive({ topic, body }: Message): void {
      if (topic === 'speak') this.send(1, 'size', { size: 0.1, undeclared: true }, 1);
      else this.report('heard', body);
    }
  }
  const model = modelOf([Speaker], [0, 1, 2], { layouts: { size: layout({ size: 'f32' }) as Layout } });
  const results = await everywhere(model, async (simulation) => (await simulation.run()).results);
  const heard = { size: Math.fround(0.1) };
  expect(results).toEqual({ heard: { 1: heard, 2: heard } });
});

test('what is sent at no delay in the round of a halt is due in the round after it', async () => {
  class Child extends Agent {
    override setup(): void {
      this.send(0, 'born');
    }
  }
  class Parent extends Agent {
    readonly #seen: string[] = [];
    override setup(): void {
      if (this.id === 0) this.setAlarm(1, 'go');
    }
    override update(inbox: Message[]): void {
      this.#seen.push(`${this.time}: ${inbox.map(({ topic }) => topic)}`);
      this.report('seen', [...this.#seen]);
      if (inbox[0]?.topic !== 'go') return;
      this.add(Child, { id: 'child 1' });
      this.pause();
      this.send(0, 'next');
    }
  }
  const model = modelOf([Parent, Child], [0]);
  const results = await everywhere(model, async (simulation) => {
    expect((await simulation.run()).reason).toBe('paused');
    return (await simulation.run()).results;
  });
  expect(results).toEqual({ seen: { 0: ['1: go', '1: next', '1: born'] } });
});

describe('of agents that end the run in one round', () => {
  class Nervous extends Agent {
    override setup(): void {
      throw new Error('born so');
    }
    override receive(): void {}
  }
  class Parent extends Agent {
    override setup(): void {
      this.setAlarm(1, 'go');
    }
    override receive({ topic }: Message): void {
      if (topic === 'go') {
        for (const id of [11, 12]) this.add(Nervous, { id });
        this.send(12, 'word');
        for (const id of [11, 11, 12, 0]) this.send(id, 'word');
      }
    }
  }

  test.each(['stop', 'restart'] as const)('none gets any more messages, with onError %s', async (onError) => {
    const model = modelOf([Parent, Nervous], [0]);
    const log = await everywhere(
      model,
      async (simulation) => {
        const events: unknown[] = [];
        const reading = (async () => {
          for await (const { time, round, to } of simulation.eventLog()) events.push([time, round, to]);
        })();
        await expect(simulation.run()).rejects.toMatchObject({ agent: 11, time: 1, round: 1 });
        await reading;
        return events;
      },
      { eventLog: true, onError },
    );
    expect(log).toEqual([
      [1, 0, 0],
      [1, 1, 0],
    ]);
  });
});

test('the event log ends with the round in which an agent threw, however long it is', async () => {
  class Busy extends Agent {
    override setup(): void {
      this.sendDirect(this.id, 'go', undefined, 1);
    }
    override receive(): void {
      if (this.id === 0 && this.time > 1.6) throw new Error('tired');
      this.sendDirect(this.id, 'go', undefined, 0.0005);
    }
  }
  const last = await everywhere(
    modelOf([Busy], [0, 1, 2], { lookahead: 1 }),
    async (simulation) => {
      const times: number[] = [];
      const reading = (async () => {
        for await (const { time } of simulation.eventLog()) times.push(time);
      })();
      const failed = simulation.run({ until: 2 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      const { time } = (await failed) as SimulationError;
      await reading;
      expect(time).toBeCloseTo(1.6005);
      expect(times.at(-1)).toBe(time);
      return times.length;
    },
    { eventLog: true },
  );
  expect(last).toBeGreaterThan(3 * 1024);
});

test('the event log of a simulation that is closed has ended, and two reads of one get an event each', async () => {
  const simulation = new Simulation(modelOf([Ticking], [0]), { eventLog: true });
  const log = simulation.eventLog();
  const reads = [log.next(), log.next()];
  await simulation.run({ until: 2 });
  expect((await Promise.all(reads)).map(({ value }) => (value as EventRecord).time)).toEqual([0.5, 1]);
  await simulation.close();
  expect(await simulation.eventLog().next()).toEqual({ done: true, value: undefined });
});

test('a journal of many events at once arrives whole', async () => {
  class Crowd extends Agent {
    override setup(): void {
      this.send(this.id, 'go', undefined, 1);
    }
    override receive(): void {
      this.send(this.id, 'go', undefined, 1);
    }
  }
  const model = modelOf(
    [Crowd],
    Array.from({ length: 2000 }, (_, id) => id),
  );
  const simulation = new Simulation(model, { eventLog: true });
  let events = 0;
  const reading = (async () => {
    for await (const _ of simulation.eventLog()) events += 1;
  })();
  const report = await simulation.run({ until: 100.5 });
  await simulation.close();
  await reading;
  expect(events).toBe(report.events);
  expect(events).toBe(200_000);
});

test('a lookahead below what floats can tell apart does not stop time', () => {
  const scheduler = new Scheduler({ lookahead: 1e-10, startTime: 1e7 });
  scheduler.add(new Ticking(), 0);
  expect(scheduler.run({ until: 1e7 + 3.1 }).events).toBe(6);
});

test('models in which agents are born and die by the thousand go on alike while their names are forgotten', async () => {
  class Child extends Agent {
    override setup(): void {
      this.send('parent 0', 'born', undefined);
    }
    override receive(): void {
      this.remove();
    }
  }
  class Parent extends Agent {
    #born = 0;
    override setup(): void {
      this.setAlarm(1, 'go');
    }
    override receive({ from, topic }: Message): void {
      if (topic === 'born') {
        this.send(from, 'die', undefined);
        return;
      }
      this.#born += 1;
      this.add(Child, { id: `child ${this.#born}1` });
      if (this.#born < 12_000) this.setAlarm(1, 'go');
      else this.report('born', this.#born);
    }
  }
  const results = await everywhere(modelOf([Parent, Child], ['parent 0']), async (simulation) => {
    const { digest, results: reported, deadLetters } = await simulation.run();
    return { digest, reported, deadLetters };
  });
  expect(results.reported).toEqual({ born: { 'parent 0': 12_000 } });
});
