/**
 * The contract between those who move bytes and those who use them.
 *
 * A host launches nodes 0..n-1; each runs a program. Nodes exchange frames with each other, reliably and in order per
 * pair, and meet in a collective exchange. Host and nodes talk by messages of their own, which are for control and need
 * not be fast.
 *
 * A method that returns `Blocking<T>` answers at once, or after blocking its thread, on transports that can block; on
 * others it returns a promise. Callers check for the promise, so that no microtask is spent where none is needed.
 */
export type Blocking<T> = T | Promise<T>;

/** Longest frame in bytes that any transport moves. */
export const FRAME_LIMIT: number = 16 * 1024 * 1024;

/** Most numbers that one node may put into an exchange. */
export const EXCHANGE_WIDTH = 16;

/** Number of cells in {@link Node.pulse}. */
export const PULSE_CELLS = 8;

/** Starts nodes and connects them. Stateless: one transport may launch many groups. */
export interface Transport {
  /** The name that reports and errors use, for example `in-process`. */
  readonly name: string;
  /** Starts the nodes; resolves when each runs its program. What was started is gone again when this rejects. */
  launch(options: LaunchOptions): Promise<NodeGroup>;
}

export interface LaunchOptions {
  /** How many nodes, at least 1. */
  readonly nodes: number;
  /** A module whose default export is a {@link NodeProgram}; it is loaded inside each node. */
  readonly program: URL;
  /** What each node finds in {@link Node.data}. It must survive a structured clone, unless all nodes share a thread. */
  readonly data?: unknown;
}

/** What a node does, from its start to its end. The node ends when the program returns. */
export type NodeProgram = (node: Node) => Blocking<void>;

/** What the host hears of its nodes. */
export type NodeEvent =
  /** A node called {@link Node.post}. */
  | { readonly type: 'message'; readonly node: number; readonly message: unknown }
  /** A node's program has returned. */
  | { readonly type: 'ended'; readonly node: number }
  /** A node is gone before its program returned: it threw, exited, ran out of memory, was killed. */
  | { readonly type: 'lost'; readonly node: number; readonly error: Error };

/** The host's side of the nodes it launched. */
export interface NodeGroup extends AsyncDisposable {
  readonly size: number;
  /** Where the host is told what happens; one listener. Events that came before it was set are delivered then. */
  onEvent(listener: (event: NodeEvent) => void): void;
  /** Sends a control message to one node; in order per node. */
  post(node: number, message: unknown): void;
  /** The pulse of a node: see {@link Node.pulse}. */
  pulse(node: number): Float64Array;
  /** Ends one node at once, as if it had been lost. Resolves when it is gone. */
  terminate(node: number, reason: Error): Promise<void>;
  /** Ends all nodes and releases everything that was started for them. Idempotent. */
  close(): Promise<void>;
}

/** A frame being read: `bytes[start]` up to but not including `bytes[end]`. Valid during the call that hands it over. */
export interface Frame {
  bytes: Buffer;
  /** The same memory as `bytes`, with the same offsets. */
  view: DataView;
  start: number;
  end: number;
}

/** Room for a frame, where the transport wants it written. */
export interface FrameSpace {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Takes in a frame. It may send, but must not push, wait, exchange or receive: those may take in further frames. */
export type FrameHandler = (from: number, frame: Frame) => void;

/** A node's side: everything a program needs to talk with its peers and its host. */
export interface Node {
  readonly id: number;
  /** How many nodes there are. */
  readonly size: number;
  /** What the host gave at launch. */
  readonly data: unknown;
  /** Whether what arrives was written by this same program: then it is decoded without being checked first. */
  readonly trusted: boolean;
  /** The longest space in bytes that {@link claim} can give. */
  readonly claimLimit: number;
  /**
   * Numbers that the host can read at any time, without a message, for progress and watchdogs. Plain writes; no cell
   * has a meaning to the transport.
   */
  readonly pulse: Float64Array;

  /** Room for a frame of `length` bytes to `to`, or undefined while the link is full. At most one claim per link. */
  claim(to: number, length: number): FrameSpace | undefined;
  /** Sends the first `length` bytes of what was claimed. */
  commit(to: number, length: number): void;
  /** Sends a copy of `frame`; false, with nothing sent, while the link is full. */
  send(to: number, frame: Uint8Array): boolean;
  /** Sends a copy of `frame`, waiting for room. Frames that arrive meanwhile are kept for {@link receive}. */
  push(to: number, frame: Uint8Array): Blocking<void>;
  /** Hands frames that have arrived to `handler`, up to `limit`; answers how many. Never waits. */
  receive(handler: FrameHandler, limit?: number): number;
  /** Waits until a frame or a control message may have arrived, or `timeout` milliseconds; whether something may have. */
  wait(timeout: number): Blocking<boolean>;
  /**
   * As {@link wait}, but never blocks the thread: timers, I/O and promises go on meanwhile, and get their turn now and
   * then even while there is always something. Resolves also when a link that has refused a frame ({@link send} was
   * false, {@link claim} undefined) may have room again, or its peer is gone. It keeps the node alive; a timeout above
   * 2^31-1 milliseconds counts as that.
   *
   * @returns whether something may have arrived, or become possible; false when the time has passed
   */
  arrival(timeout: number): Promise<boolean>;
  /**
   * Collective: every node calls it with equally many numbers, at most {@link EXCHANGE_WIDTH}, and gets those of all
   * nodes, node by node, in an array that is valid until its next call. It is a barrier for frames too: what a peer
   * sent before it entered can be received when this returns.
   */
  exchange(values: Float64Array): Blocking<Float64Array>;
  /** Lets other work of this thread run where nodes share one; undefined where there is no need. */
  breathe(): Promise<void> | undefined;

  /** Sends a control message to the host. */
  post(message: unknown): void;
  /** The next control message of the host, if one is there. Cheap when there is none. */
  takeMessage(): unknown;
  /** The next control message of the host. */
  nextMessage(): Promise<unknown>;
}
