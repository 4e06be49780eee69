/** A mistake on the command line: the text says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
