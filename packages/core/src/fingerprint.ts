import { SimulationError } from './errors.ts';
import { Hash } from './hash.ts';

/** Version of what clusters tell each other; peers of another are refused. */
const WIRE_VERSION = 1;

/**
 * What must agree for results to agree to the bit: the wire version, the release line of Node, and what its math
 * functions answer, of which some differ from line to line.
 */
export function fingerprint(): string {
  const hash = new Hash();
  for (let index = 1; index <= 64; index += 1) {
    const x = index * 0.37;
    for (const value of [
      x ** 2.3,
      x ** 3,
      x ** -0.7,
      Math.exp(x),
      Math.log(x),
      Math.sin(x),
      Math.cos(x),
      Math.tan(x),
      Math.atan2(x, 1.7),
      Math.cbrt(x),
      Math.hypot(x, 1.1),
      Math.log1p(x),
      Math.expm1(x / 9),
      Math.tanh(x),
      Math.asinh(x),
    ]) {
      hash.float(value);
    }
  }
  hash.finish();
  return `wire ${WIRE_VERSION}, Node ${process.versions.node.split('.')[0]}, math ${hash.toString()}`;
}

/**
 * Nodes must agree in what they told when they were ready.
 *
 * @throws {SimulationError} `ERR_TROUPE_FINGERPRINT`
 */
export function checkFingerprints(prints: readonly string[]): void {
  const odd = prints.findIndex((print) => print !== prints[0]);
  if (odd === -1) return;
  throw new SimulationError(
    'ERR_TROUPE_FINGERPRINT',
    `node ${odd} runs ${prints[odd]}, node 0 ${prints[0]}: results would differ; run all nodes on one release of Troupe, one line of Node and one version of the model`,
    { node: odd },
  );
}
