import { threads } from '@troupe/transport-worker';

/** Runs a program on two nodes on threads; answers the first number that one of them posts. */
export async function figureOf(program: URL, data: unknown): Promise<number> {
  const group = await threads().launch({ nodes: 2, program, data });
  try {
    return await new Promise<number>((resolve, reject) => {
      group.onEvent((event) => {
        if (event.type === 'message') resolve(event.message as number);
        else if (event.type === 'lost') reject(event.error);
      });
    });
  } finally {
    await group.close();
  }
}
