/**
 * Placement: from a count of who talked to whom to a division of the agents into clusters such that few messages cross
 * and each cluster has its share of the load.
 *
 * ```ts
 * import { mergeTraffic, partition, placementQuality, TrafficRecorder } from '@troupe/core/placement';
 *
 * const people = ['anna', 'ben', 'cleo', 'dora'];
 * const recorder = new TrafficRecorder();
 * for (let day = 0; day < 100; day += 1) {
 *   for (const [from, to] of [[0, 1], [1, 0], [2, 3], [3, 2]] as const) recorder.record(from, to);
 *   if (day % 10 === 0) recorder.record(0, 2);
 * }
 * const traffic = mergeTraffic([recorder.snapshot((index) => people[index] as string)]);
 * const placement = partition(traffic, { clusters: 2 }); // anna and ben on one, cleo and dora on the other
 * console.log(placementQuality(traffic, placement).crossing); // 10 of 410 messages
 * ```
 *
 * It is an entry point of its own, because it loads a graph library that the kernel does not need.
 *
 * @packageDocumentation
 */

export { mergeTraffic } from './merge-traffic.ts';
export { type PartitionOptions, partition } from './partition.ts';
export { type Placement, placeBy } from './placement.ts';
export { placementFromJson, placementToJson } from './placement-json.ts';
export { type PlacementQuality, placementQuality } from './quality.ts';
export type { Traffic, TrafficEdges, TrafficPart } from './traffic.ts';
export { TrafficRecorder, type TrafficRecorderOptions } from './traffic-recorder.ts';
