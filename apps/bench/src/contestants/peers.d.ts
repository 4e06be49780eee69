// The peers without types: what the contestants use of them.
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
