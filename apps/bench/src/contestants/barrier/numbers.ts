/** How many numbers each side brings to a barrier: as many as the kernel does. */
export const NUMBERS = 8;
