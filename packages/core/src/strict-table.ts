/** A function, class or accessor that answers differently in another run, cluster or place. */
export interface Guarded {
  /** The object that holds it, and its name there. */
  readonly owner: object;
  readonly key: string;
  /** How it reads in an error. */
  readonly name: string;
  /** What to do instead; undefined where a call with these arguments is harmless. */
  readonly refuse: (args: readonly unknown[], isNew: boolean) => string | undefined;
}

type Refusal = string | Guarded['refuse'];

const RANDOM = 'its answer is another in every run; use this.random, or in populate Random.of(seed, id)';
const CLOCK = 'it reads the clock on the wall; use this.time';
const LATER = 'it goes on when the handler is over; set an alarm, or send a message to yourself';
const LOAD =
  'its answer comes from outside; load data with await at the top of the module, or make it a parameter';
const MACHINE = 'its answer depends on the machine and the moment; make it a parameter of the model';
const COLLECTOR =
  'when an object is collected is not part of the model; keep the object, and let go of it yourself';
const LOCALE = 'without a locale its answer depends on the machine; name one';
const COMPARE =
  'without a locale its answer depends on the machine; compare with < or compareIds, or name one';
const ZONE = 'it depends on the time zone of the machine; use the UTC method';

function isLocale(given: unknown): boolean {
  return given !== undefined && given !== '' && !(Array.isArray(given) && given.length === 0);
}

/** Harmless when argument number `at` names a locale. */
const needsLocale =
  (at = 0, refusal = LOCALE): Guarded['refuse'] =>
  (args) =>
    isLocale(args[at]) ? undefined : refusal;

/** The same for what formats dates, which also needs a time zone. */
const needsLocaleAndZone: Guarded['refuse'] = (args) => {
  const options = args[1] as { timeZone?: unknown } | undefined;
  if (isLocale(args[0]) && options?.timeZone !== undefined) return undefined;
  return 'without a locale and a timeZone its answer depends on the machine; name both';
};

const LOCAL_DATE_METHODS = [
  ...['getDate', 'getDay', 'getFullYear', 'getHours', 'getMinutes', 'getMonth', 'getTimezoneOffset'],
  ...['setDate', 'setFullYear', 'setHours', 'setMinutes', 'setMonth'],
  ...['toString', 'toDateString', 'toTimeString'],
];
const INTL = [
  ...['Collator', 'DisplayNames', 'DurationFormat', 'ListFormat', 'NumberFormat', 'PluralRules'],
  ...['RelativeTimeFormat', 'Segmenter'],
];
const OS = [
  ...['availableParallelism', 'cpus', 'freemem', 'getPriority', 'hostname', 'loadavg', 'networkInterfaces'],
  ...['totalmem', 'uptime', 'userInfo'],
];
const CRYPTO = [
  ...['generateKey', 'generateKeyPair', 'generateKeyPairSync', 'generateKeySync', 'generatePrime'],
  ...['generatePrimeSync', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID'],
  'randomUUIDv7',
];
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];

/**
 * All that a handler must not use in strict mode. What this version of Node does not have is left out. `process.nextTick`
 * is missing on purpose: writing to the console ends there, and a handler may do that.
 */
export function guardedThings(): Guarded[] {
  const things: Guarded[] = [];
  const guard = (holder: unknown, prefix: string, keys: readonly string[], refusal: Refusal): void => {
    if (holder === undefined || holder === null) return;
    for (const key of keys) {
      const owner = ownerOf(holder, key);
      if (owner === undefined) continue;
      const refuse = typeof refusal === 'string' ? () => refusal : refusal;
      things.push({ owner, key, name: `${prefix}${key}`, refuse });
    }
  };
  const builtin = (name: string): unknown => process.getBuiltinModule(name);
  const all = globalThis as Record<string, unknown>;

  guard(Math, 'Math.', ['random'], RANDOM);
  guard(globalThis.crypto, 'crypto.', ['randomUUID', 'getRandomValues'], RANDOM);
  guard(globalThis.crypto.subtle, 'crypto.subtle.', ['generateKey'], RANDOM);
  guard(builtin('node:crypto'), 'crypto.', CRYPTO, RANDOM);

  guard(Date, 'Date.', ['now'], CLOCK);
  guard(all, '', ['Date'], (args, isNew) => {
    if (!isNew || args.length === 0) return CLOCK;
    return args.length === 1 ? undefined : 'it is in the time zone of the machine; use Date.UTC';
  });
  guard(Date.prototype, 'Date.prototype.', LOCAL_DATE_METHODS, ZONE);
  const clocks = ['now', 'timeOrigin', 'mark', 'measure', 'toJSON', 'eventLoopUtilization'];
  guard(performance, 'performance.', clocks, CLOCK);
  guard(builtin('node:perf_hooks'), 'perf_hooks.', ['eventLoopUtilization'], CLOCK);
  guard(process, 'process.', ['hrtime', 'uptime'], CLOCK);
  guard(process.hrtime, 'process.hrtime.', ['bigint'], CLOCK);
  const temporal = all['Temporal'] as { readonly Now?: object } | undefined;
  guard(
    temporal?.Now,
    'Temporal.Now.',
    ['instant', 'plainDateISO', 'plainDateTimeISO', 'plainTimeISO', 'timeZoneId', 'zonedDateTimeISO'],
    CLOCK,
  );

  const usage = ['cpuUsage', 'memoryUsage', 'resourceUsage', 'threadCpuUsage', 'availableMemory'];
  guard(process, 'process.', [...usage, 'constrainedMemory'], MACHINE);
  guard(process.memoryUsage, 'process.memoryUsage.', ['rss'], MACHINE);
  guard(builtin('node:os'), 'os.', OS, MACHINE);

  guard(all, '', ['WeakRef', 'FinalizationRegistry'], COLLECTOR);
  guard(WeakRef.prototype, 'WeakRef.prototype.', ['deref'], COLLECTOR);

  guard(all, '', [...TIMERS, 'queueMicrotask'], LATER);
  guard(builtin('node:timers'), 'timers.', TIMERS, LATER);
  guard(builtin('node:timers/promises'), 'timers.', TIMERS, LATER);
  guard(all, '', ['fetch'], LOAD);

  guard(Intl, 'Intl.', INTL, needsLocale());
  guard(Intl, 'Intl.', ['DateTimeFormat'], needsLocaleAndZone);
  guard(String.prototype, 'String.prototype.', ['localeCompare'], needsLocale(1, COMPARE));
  guard(String.prototype, 'String.prototype.', ['toLocaleLowerCase', 'toLocaleUpperCase'], needsLocale());
  const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
  for (const [name, prototype] of [
    ['Number', Number.prototype],
    ['BigInt', BigInt.prototype],
    ['Array', Array.prototype],
    ['TypedArray', typedArray],
  ] as const) {
    guard(prototype, `${name}.prototype.`, ['toLocaleString'], needsLocale());
  }
  const formats = ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'];
  guard(Date.prototype, 'Date.prototype.', formats, needsLocaleAndZone);
  return things;
}

/** The object of a chain of prototypes that has a member of this name and lets it be replaced. */
function ownerOf(holder: object | unknown, key: string): object | undefined {
  for (let owner = holder as object | null; owner !== null; owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, key)) {
      return Object.getOwnPropertyDescriptor(owner, key)?.configurable === true ? owner : undefined;
    }
  }
  return undefined;
}
