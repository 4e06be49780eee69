import { type AsyncHook, createHook } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { SimulationError, show } from './errors.ts';
import type { AgentId } from './message.ts';
import { type Guarded, guardedThings } from './strict-table.ts';

/** Who is running: an agent's handler, or what a model does without one. */
interface Running {
  readonly agent: AgentId | undefined;
  readonly handler: string;
  readonly topic: string | undefined;
}

type Callable = (...args: unknown[]) => unknown;

/** A member that was replaced. */
interface Patch {
  readonly owner: object;
  readonly key: string;
  readonly before: PropertyDescriptor;
  readonly after: PropertyDescriptor;
}

/**
 * Strict mode for what a handler reads: while one runs, the clock on the wall, randomness that no seed governs, figures
 * of the machine, timers, weak references and the machine's locale throw.
 *
 * The globals of a thread are replaced from the first {@link install} to the last {@link uninstall}, and what replaces
 * them passes every call on, except within {@link run}: others who share the thread notice nothing. Functions that a
 * module took aside before (`const { random } = Math`) are not seen; so install before the module is loaded.
 */
class StrictGuards {
  #installs = 0;
  #patches: Patch[] = [];
  /** Sees what no global gives away: `import()`, file handles, anything else that answers with a promise. */
  readonly #hook: AsyncHook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') this.#notePromise();
    },
  });
  #running: Running | undefined;
  /** What the running handler was refused: it does not get away with it by catching the error. */
  #refused: SimulationError | undefined;

  /** Replaces the globals; each call needs an {@link uninstall}. */
  install(): void {
    this.#installs += 1;
    if (this.#installs > 1) return;
    this.#patches = [...guardedThings().flatMap((thing) => this.#patch(thing)), ...this.#freeConsole()];
    for (const { owner, key, after } of this.#patches) Object.defineProperty(owner, key, after);
    // `import { randomUUID } from 'node:crypto'` is a binding of its own.
    syncBuiltinESMExports();
    this.#hook.enable();
  }

  /** Puts the globals back, as they were; one that somebody else has replaced meanwhile stays. */
  uninstall(): void {
    this.#installs -= 1;
    if (this.#installs > 0) return;
    this.#hook.disable();
    for (const { owner, key, before, after } of this.#patches) {
      const now = Object.getOwnPropertyDescriptor(owner, key);
      if (now?.value === after.value && now?.get === after.get) Object.defineProperty(owner, key, before);
    }
    this.#patches = [];
    syncBuiltinESMExports();
  }

  /**
   * Calls what an agent does, or, without agent, what a model does.
   *
   * @param handler what it is, such as `setup`
   * @param topic of the message that is handled
   * @throws {SimulationError} `ERR_TROUPE_STRICT` when it uses what it must not
   */
  run<T>(agent: AgentId | undefined, handler: string, topic: string | undefined, work: () => T): T {
    const [running, refused] = [this.#running, this.#refused];
    this.#running = { agent, handler, topic };
    this.#refused = undefined;
    try {
      const answer = work();
      if (this.#refused !== undefined) throw this.#refused;
      return answer;
    } catch (error) {
      throw this.#refused ?? error;
    } finally {
      this.#running = running;
      this.#refused = refused;
    }
  }

  /** Calls what belongs to the owner of the run, though a handler is running. */
  outside<T>(work: () => T): T {
    const running = this.#running;
    this.#running = undefined;
    try {
      return work();
    } finally {
      this.#running = running;
    }
  }

  #patch(thing: Guarded): Patch[] {
    const { owner, key } = thing;
    const before = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
    const { get } = before;
    if (get !== undefined) {
      const guards = this;
      const guarded = function (this: unknown): unknown {
        guards.#check(thing, [], false);
        return Reflect.apply(get, this, []);
      };
      return [{ owner, key, before, after: { ...before, get: guarded } }];
    }
    const value: object = new Proxy(before.value as object, {
      apply: (target, self, args): unknown => {
        this.#check(thing, args, false);
        return Reflect.apply(target as Callable, self, args);
      },
      construct: (target, args, newTarget): object => {
        this.#check(thing, args, true);
        return Reflect.construct(
          target as Callable,
          args,
          newTarget === value ? (target as Callable) : newTarget,
        );
      },
    });
    const patches = [{ owner, key, before, after: { ...before, value } }];
    // A date's constructor is still Date.
    const { prototype } = before.value as { prototype?: object };
    const back = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor');
    if (prototype !== undefined && back?.value === before.value && back?.configurable === true) {
      patches.push({ owner: prototype, key: 'constructor', before: back, after: { ...back, value } });
    }
    return patches;
  }

  /** What a handler prints is none of its business any more; test runners, for one, print with the time of day. */
  #freeConsole(): Patch[] {
    return Object.entries(Object.getOwnPropertyDescriptors(console)).flatMap(([key, before]) => {
      if (typeof before.value !== 'function' || before.configurable !== true) return [];
      const value: object = new Proxy(before.value as object, {
        apply: (target, self, args): unknown =>
          this.outside(() => Reflect.apply(target as Callable, self, args)),
      });
      return [{ owner: console, key, before, after: { ...before, value } }];
    });
  }

  #check(thing: Guarded, args: readonly unknown[], isNew: boolean): void {
    if (this.#running === undefined) return;
    const remedy = thing.refuse(args, isNew);
    if (remedy === undefined) return;
    const does = `uses ${isNew ? 'new ' : ''}${thing.name}`;
    const error = this.#explain(this.#running, does, remedy, thing.name);
    this.#refused ??= error;
    throw error;
  }

  /** Throws nothing: whoever makes the promise would not expect it. The handler hears of it when it returns. */
  #notePromise(): void {
    if (this.#running === undefined || this.#refused !== undefined) return;
    const remedy =
      'what waits for it goes on when the handler is over; load data with await at the top of the module';
    this.#refused = this.#explain(this.#running, 'makes a promise', remedy, 'Promise');
  }

  #explain({ agent, handler, topic }: Running, does: string, remedy: string, value: string): SimulationError {
    const who = agent === undefined ? handler : `agent ${show(agent)}`;
    const where =
      agent === undefined ? '' : topic === undefined ? ` in ${handler}` : ` on topic ${show(topic)}`;
    return new SimulationError('ERR_TROUPE_STRICT', `${who} ${does}${where}: ${remedy}`, {
      ...(agent === undefined ? {} : { agent }),
      ...(topic === undefined ? {} : { topic }),
      value,
    });
  }
}

/** There is one set of globals in a thread, and so one of guards. */
export const strictGuards: StrictGuards = new StrictGuards();
