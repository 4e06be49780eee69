/** Stable codes of the errors that `@troupe/shm` throws. */
export type SharedMemoryErrorCode =
  | 'ERR_TROUPE_RING_OPTION'
  | 'ERR_TROUPE_RING_FOREIGN'
  | 'ERR_TROUPE_RING_RECORD_TOO_LARGE'
  | 'ERR_TROUPE_RING_NOT_CLAIMED'
  | 'ERR_TROUPE_RING_CORRUPT';

/** An error of this package: `code` is stable, `value` is what was refused. */
export class SharedMemoryError extends Error {
  override readonly name = 'SharedMemoryError';
  readonly code: SharedMemoryErrorCode;
  readonly value: unknown;

  constructor(code: SharedMemoryErrorCode, message: string, value?: unknown) {
    super(message);
    this.code = code;
    this.value = value;
  }
}
