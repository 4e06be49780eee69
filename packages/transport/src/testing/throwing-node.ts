import type { NodeProgram } from '../transport.ts';

/** A program that cannot be loaded: the compliance suite sees to it that this is told. */
const program: NodeProgram = fail();
export default program;

function fail(): never {
  throw new Error('thrown while the program was loaded');
}
