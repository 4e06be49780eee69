/** The clock on the wall, handed in so that tests can move it. */
export interface WallClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Blocks the thread for so many milliseconds. */
  sleep(milliseconds: number): void;
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

export const systemWallClock: WallClock = Object.freeze({
  now: () => performance.now(),
  sleep: (milliseconds: number) => {
    Atomics.wait(NEVER, 0, 0, milliseconds);
  },
});
