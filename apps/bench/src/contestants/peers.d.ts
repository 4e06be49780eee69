// What the contestants use of peers that have no types, or have them where TypeScript does not look.
declare module 'simjs' {
  class Entity {
    send(message: unknown, delay: number, to: unknown): void;
    setTimer(delay: number): { done(callback: () => void, context?: unknown): void };
  }
  class Sim {
    time(): number;
    addEntity<E extends Entity>(entityClass: new (...args: never[]) => E): E;
    step(): boolean;
  }
  export interface Simjs {
    readonly Sim: typeof Sim;
    readonly Entity: typeof Entity;
  }
}

declare module 'js-simulator' {
  class SimEvent {
    update(deltaTime: number): void;
  }
  class Scheduler {
    schedule(event: SimEvent, time: number): void;
    scheduleOnceIn(event: SimEvent, delay: number): void;
    update(): void;
  }
  const jssim: { Scheduler: typeof Scheduler; SimEvent: typeof SimEvent };
  export default jssim;
}

declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { MessagePort } from 'node:worker_threads';
  import type { Endpoint } from 'comlink';

  export default function nodeEndpoint(port: MessagePort): Endpoint;
}
