import { show } from '../errors.ts';
import { checkId, compareIds } from '../ids.ts';
import type { AgentId } from '../message.ts';
import { CLUSTERS_MAX, checkPlacement, invalidPlacement, isClusters, type Placement } from './placement.ts';

/*
 * The text, one line for each cluster:
 *
 *   {"format":"troupe-placement","version":1,"clusters":[
 *   [[0,499],"clock"],
 *   [[500,998],1003]
 *   ]}
 *
 * A line lists the agents of its cluster in order of id: a number or a text is an id, a pair of numbers stands for all
 * integers from the first to the last. Three or more in a row are written as a pair, so there is one text for a
 * placement.
 */
const FORMAT = 'troupe-placement';
const VERSION = 1;

/** Fewest integers in a row that are written as a pair. */
const RUN_MIN = 3;

/** Most agents in a text, so that a few bytes cannot ask for all memory. */
const AGENTS_MAX = 2 ** 24;

type Entry = AgentId | readonly [number, number];

/**
 * A placement as JSON: the same text for the same placement.
 *
 * @throws {SimulationError} `ERR_TROUPE_PLACEMENT_INVALID`, `ERR_TROUPE_AGENT_ID`
 */
export function placementToJson(placement: Placement): string {
  checkPlacement(placement);
  const { clusters, agents, cluster } = placement;
  const lines = Array.from({ length: clusters }, (): AgentId[] => []);
  agents.forEach((id, index) => {
    lines[cluster[index] as number]?.push(id);
  });
  const text = lines.map((ids) => JSON.stringify(withRuns(ids))).join(',\n');
  return `{"format":"${FORMAT}","version":${VERSION},"clusters":[\n${text}\n]}\n`;
}

/**
 * The placement of a text that `placementToJson` made.
 *
 * @throws {SimulationError} `ERR_TROUPE_PLACEMENT_INVALID` for any other text
 */
export function placementFromJson(text: string): Placement {
  const { format, version, clusters } = parse(text);
  if (format !== FORMAT) throw invalidPlacement(`its format is ${show(format)}, not ${show(FORMAT)}`, format);
  if (version !== VERSION) {
    throw invalidPlacement(`its version is ${show(version)}, and this release reads ${VERSION}`, version);
  }
  if (!Array.isArray(clusters) || !isClusters(clusters.length)) {
    throw invalidPlacement(`its clusters are not an array of 1 to ${CLUSTERS_MAX} arrays`, clusters);
  }
  let room = AGENTS_MAX;
  const lines = clusters.map((entries: unknown, cluster) => {
    if (!Array.isArray(entries)) throw invalidPlacement(`cluster ${cluster} is ${show(entries)}`, entries);
    for (const entry of entries) {
      checkEntry(entry);
      room -= typeof entry === 'object' ? entry[1] - entry[0] + 1 : 1;
      if (room < 0) throw invalidPlacement(`it has more than ${AGENTS_MAX} agents`, entries);
    }
    return entries as Entry[];
  });
  const homes = new Map<AgentId, number>();
  lines.forEach((entries, cluster) => {
    for (const entry of entries) {
      for (const id of idsOf(entry)) {
        if (homes.has(id)) throw invalidPlacement(`agent ${show(id)} is there twice`, id);
        homes.set(id, cluster);
      }
    }
  });
  const agents = [...homes.keys()].sort(compareIds);
  return {
    clusters: lines.length,
    agents,
    cluster: Int32Array.from(agents, (id) => homes.get(id) as number),
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  if (typeof text !== 'string') throw invalidPlacement(`it is ${show(text)} and not a text`, text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidPlacement('it is not JSON', text.slice(0, 80), cause);
  }
  if (typeof value !== 'object' || value === null) throw invalidPlacement(`it is ${show(value)}`, value);
  return value as Record<string, unknown>;
}

function checkEntry(entry: unknown): asserts entry is Entry {
  if (Array.isArray(entry)) {
    const [first, last] = entry as unknown[];
    if (entry.length === 2 && isInteger(first) && isInteger(last) && first < last) return;
    const start = entry.slice(0, 3).map(show).join(', ');
    throw invalidPlacement(`[${start}] is no pair of integers, the lesser first`, entry);
  }
  try {
    checkId(entry);
  } catch (cause) {
    throw invalidPlacement(`${show(entry)} cannot name an agent`, entry, cause);
  }
}

/** The ids that an entry stands for. */
function* idsOf(entry: Entry): Generator<AgentId> {
  if (typeof entry !== 'object') yield entry;
  else for (let id = entry[0]; id <= entry[1]; id += 1) yield id;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** Ids in order, with runs of integers as pairs. */
function withRuns(ids: readonly AgentId[]): Entry[] {
  const entries: Entry[] = [];
  for (let index = 0; index < ids.length; ) {
    const first = ids[index] as AgentId;
    let end = index + 1;
    while (typeof first === 'number' && end < ids.length && ids[end] === first + (end - index)) end += 1;
    if (end - index >= RUN_MIN) entries.push([first as number, ids[end - 1] as number]);
    else for (const id of ids.slice(index, end)) entries.push(id);
    index = end;
  }
  return entries;
}
