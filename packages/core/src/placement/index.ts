/**
 * Placement: from a count of who talked to whom to a division of the agents into clusters such that few messages cross.
 *
 * ```ts
 * import { mergeTraffic, partition, placementQuality, TrafficRecorder } from '@troupe/core/placement';
 *
 * const recorder = new TrafficRecorder();
 * const names = ['anna', 'ben', 'cleo', 'dora'];
 * for (let index = 0; index < 100; index += 1) {
 *   recorder.record(0, 2);
 *   recorder.record(2, 0);
 *   recorder.record(1, 3);
 *   recorder.record(3, 1);
 * }
 * recorder.record(0, 1);
 * const traffic = mergeTraffic([recorder.snapshot((index) => names[index])]);
 * const placement = partition(traffic, { clusters: 2 });
 * console.log(placement.agents, placement.cluster); // anna and cleo on one, ben and dora on the other
 * console.log(placementQuality(traffic, placement).crossing); // 1 of 401
 * ```
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
