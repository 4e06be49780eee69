/** No program: the compliance suite sees to it that a node is not started with it. */
export const notAProgram = true;
