/** Stable codes of the errors that transports and codecs throw. */
export type TransportErrorCode =
  | 'ERR_TROUPE_BODY_NOT_ENCODABLE'
  | 'ERR_TROUPE_CLOSED'
  | 'ERR_TROUPE_CONTROL_NOT_CLONEABLE'
  | 'ERR_TROUPE_EXCHANGE_WIDTH'
  | 'ERR_TROUPE_FRAME_CORRUPT'
  | 'ERR_TROUPE_FRAME_TOO_LARGE'
  | 'ERR_TROUPE_LAYOUT_SPEC'
  | 'ERR_TROUPE_LAYOUT_VALUE'
  | 'ERR_TROUPE_NODE_EXITED'
  | 'ERR_TROUPE_NODE_FAILED'
  | 'ERR_TROUPE_NODE_OUT_OF_MEMORY'
  | 'ERR_TROUPE_PEER_LOST'
  | 'ERR_TROUPE_PEER_UNKNOWN'
  | 'ERR_TROUPE_PROGRAM_INVALID'
  | 'ERR_TROUPE_TRANSPORT_OPTION';

/** What an error is about, as far as it applies. */
export interface TransportErrorDetails {
  /** The node that the error is about. */
  readonly node?: number;
  /** The value that was refused. */
  readonly value?: unknown;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** An error of a transport or a codec. `code` is stable; docs/errors.md says what each means and what to do. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;
  declare readonly node?: number;
  declare readonly value?: unknown;

  constructor(code: TransportErrorCode, message: string, details: TransportErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    const { cause: _, ...fields } = details;
    Object.assign(this, fields);
  }
}

/** How a value reads in an error message: short, on one line, control characters escaped. */
export function describe(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = JSON.stringify(value);
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (Object.is(value, -0)) text = '-0';
  else if (typeof value === 'bigint') text = `${value}n`;
  else if (typeof value === 'object' && value !== null) text = `a value of class ${className(value)}`;
  else text = String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : '(none)';
}
