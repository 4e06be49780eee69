import type { AgentId } from './message.ts';

/** Severity of a log entry, least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** What an agent wrote. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Simulated time in seconds; in live mode, seconds since the start. */
  readonly time: number;
  readonly round: number;
  readonly agent: AgentId;
  readonly text: string;
  readonly data: unknown;
}
