/** A command beside those that run a sim by its name. */
export interface Subcommand {
  /** What follows `npm run sim --`. */
  readonly usage: string;
  /** One line for the list. */
  readonly help: string;
  /** Answers the exit status. */
  run(args: readonly string[], print: (line: string) => void): Promise<number>;
}
