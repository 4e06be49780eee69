/** Stable codes of the errors that `@troupe/core` throws. */
export type SimulationErrorCode =
  | 'ERR_TROUPE_AGENT_DUPLICATE'
  | 'ERR_TROUPE_AGENT_FAILED'
  | 'ERR_TROUPE_AGENT_ID'
  | 'ERR_TROUPE_AGENT_INVALID'
  | 'ERR_TROUPE_AGENT_NOT_RUNNING'
  | 'ERR_TROUPE_AGENT_STATE'
  | 'ERR_TROUPE_AGENT_UNKNOWN'
  | 'ERR_TROUPE_ASYNC_HANDLER'
  | 'ERR_TROUPE_EVENT_LOG'
  | 'ERR_TROUPE_FINGERPRINT'
  | 'ERR_TROUPE_HANDLER_MISSING'
  | 'ERR_TROUPE_HANDLER_TIMEOUT'
  | 'ERR_TROUPE_KEEP_AWAKE_LOOKAHEAD'
  | 'ERR_TROUPE_LIVE_UNSUPPORTED'
  | 'ERR_TROUPE_LOOKAHEAD'
  | 'ERR_TROUPE_MAILBOX_DEADLOCK'
  | 'ERR_TROUPE_MAILBOX_FULL'
  | 'ERR_TROUPE_MESSAGES_LOST'
  | 'ERR_TROUPE_MODEL_INVALID'
  | 'ERR_TROUPE_MODEL_LOAD'
  | 'ERR_TROUPE_NODE_STALLED'
  | 'ERR_TROUPE_OPTION'
  | 'ERR_TROUPE_PARAM'
  | 'ERR_TROUPE_PLACEMENT'
  | 'ERR_TROUPE_PLACEMENT_INVALID'
  | 'ERR_TROUPE_PRECISION'
  | 'ERR_TROUPE_RESTART_INTENSITY'
  | 'ERR_TROUPE_ROUNDS'
  | 'ERR_TROUPE_RUN_STATE'
  | 'ERR_TROUPE_STRICT'
  | 'ERR_TROUPE_SUBSCRIPTION'
  | 'ERR_TROUPE_TIME'
  | 'ERR_TROUPE_TOPIC'
  | 'ERR_TROUPE_TRAFFIC';

/** What an error is about, as far as it applies. */
export interface SimulationErrorDetails {
  readonly agent?: string | number;
  readonly topic?: string;
  /** Simulated time in seconds. */
  readonly time?: number;
  readonly round?: number;
  /** Node that the error comes from. */
  readonly node?: number;
  readonly seed?: number;
  readonly value?: unknown;
  readonly cause?: unknown;
}

/** An error of the kernel. `code` is stable; docs/errors.md says what each means and what to do. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly code: SimulationErrorCode;
  declare readonly agent?: string | number;
  declare readonly topic?: string;
  declare readonly time?: number;
  declare readonly round?: number;
  declare readonly node?: number;
  declare readonly seed?: number;
  declare readonly value?: unknown;

  constructor(code: SimulationErrorCode, message: string, details: SimulationErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    // Only what applies: an error that is printed should not end in a list of what it is not about.
    const { cause: _, ...fields } = details;
    Object.assign(this, fields);
  }
}

/** How a value reads in an error message: short and on one line. */
export function show(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = JSON.stringify(value);
  else if (typeof value === 'bigint') text = `${value}n`;
  else if (Object.is(value, -0)) text = '-0';
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (typeof value === 'object' && value !== null)
    text = Array.isArray(value) ? 'an array' : 'an object';
  else text = String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
