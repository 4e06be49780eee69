/**
 * Agents, messages, alarms and simulated time: a scheduler for one thread, and simulations over many clusters with the
 * same result to the bit wherever the agents run. `Live` runs the same models on the clock on the wall.
 *
 * ```ts
 * import { Agent, type Message, Scheduler } from '@troupe/core';
 *
 * type Rally = { ball: { hits: number } };
 *
 * class Player extends Agent<Rally> {
 *   override receive({ from, body }: Message<Rally>): void {
 *     if (body.hits === 10) this.stop('tired', body.hits);
 *     else this.send(from, 'ball', { hits: body.hits + 1 }, 0.5);
 *   }
 * }
 *
 * class Server extends Player {
 *   override setup(): void {
 *     this.send('ben', 'ball', { hits: 1 });
 *   }
 * }
 *
 * const scheduler = new Scheduler<Rally>();
 * scheduler.add(new Server('anna'));
 * scheduler.add(new Player('ben'));
 * console.log(scheduler.run()); // { reason: 'stopped', value: 10, simTime: 4.5, ... }
 * ```
 *
 * @packageDocumentation
 */

// Bodies with a declared layout.
export { layout } from '@troupe/transport';
export type {
  AgentClass,
  AlarmFilter,
  AlarmId,
  AlarmInfo,
  AlarmOptions,
  BareTopic,
  Handlers,
} from './agent.ts';
export { Agent } from './agent.ts';
export type { ErrorPolicy } from './commands.ts';
export type { LogDiff } from './diff.ts';
export { diffLogs } from './diff.ts';
export type { Subscription } from './directory.ts';
export type { SimulationErrorCode, SimulationErrorDetails } from './errors.ts';
export { SimulationError } from './errors.ts';
export { compareIds } from './ids.ts';
export type { SendOptions } from './input.ts';
export { SimulationInput } from './input.ts';
export type { DeadLetter } from './kernel.ts';
export type { LiveEvents, LiveFailure } from './live/events.ts';
export { Live } from './live/live.ts';
export type { WhenFull } from './live/mailbox.ts';
export type {
  IdleOptions,
  LiveOptions,
  MailboxOptions,
  StopOptions,
  SupervisionOptions,
} from './live/options.ts';
export type { DroppedMessage, FailureAction, Overflow, SendOutcome } from './live/parcels.ts';
export type { LiveClusterLoad, LiveReport } from './live/report.ts';
export type { LiveErrorPolicy } from './live/supervisor.ts';
export type { LogEntry, LogLevel } from './log.ts';
export type { AgentId, Message, MessageOf, Protocol } from './message.ts';
export { OUTSIDE } from './message.ts';
export type { Model, World } from './model.ts';
export { defineModel } from './model.ts';
export { fromNdjson, toNdjson } from './ndjson.ts';
export type { InputRecord } from './node/protocol.ts';
export type { Progress } from './node-watch.ts';
export type { Counters, EventRecord } from './observer.ts';
export type { ParamSpec, ParamSpecs, Params } from './params.ts';
export { resolveParams } from './params.ts';
export type { PendingMessage } from './pending.ts';
export { Random } from './random.ts';
export type { Rebalance } from './rebalance.ts';
export type { ClusterLoad, EndReason, Report } from './report.ts';
export type { RunOptions, SchedulerOptions } from './scheduler.ts';
export { Scheduler } from './scheduler.ts';
export type { SimulationEvents } from './simulation.ts';
export { Simulation } from './simulation.ts';
export type { SimulationOptions } from './simulation-options.ts';
export type { Ties } from './ties.ts';
export type { WallClock } from './wall-clock.ts';
