import { TransportError } from './errors.ts';
import { EXCHANGE_WIDTH } from './transport.ts';

/** The check of `nodes` that all transports share. */
export function checkNodes(nodes: number): void {
  if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= 1024)) {
    throw new TransportError(
      'ERR_TROUPE_TRANSPORT_OPTION',
      `nodes is ${String(nodes)}: give a whole number from 1 to 1,024`,
      { value: nodes },
    );
  }
}

/** The error of all transports for a module that is not a program. */
export function programError(program: URL): TransportError {
  return new TransportError(
    'ERR_TROUPE_PROGRAM_INVALID',
    `${program.href} has no function as its default export: export default (node) => { ... }`,
    { value: program.href },
  );
}

/** The error of all transports for a peer that is gone. */
export function peerLost(peer: number, cause?: unknown): TransportError {
  return new TransportError('ERR_TROUPE_PEER_LOST', `node ${peer} is gone: the host knows why`, {
    node: peer,
    cause,
  });
}

/** The error of all transports for a node that does not exist, or is oneself. */
export function unknownPeer(node: number, size: number): TransportError {
  return new TransportError(
    'ERR_TROUPE_PEER_UNKNOWN',
    `there is no node ${node}: nodes are 0 to ${size - 1}`,
    {
      node,
    },
  );
}

/** The error of all transports for a frame over a limit. */
export function tooLarge(length: number, limit: number): TransportError {
  return new TransportError(
    'ERR_TROUPE_FRAME_TOO_LARGE',
    `a frame of ${length} bytes is over the limit of ${limit}: send it in parts`,
    { value: length },
  );
}

/** The error of all transports for an exchange of the wrong width. */
export function exchangeWidth(width: number): TransportError {
  return new TransportError(
    'ERR_TROUPE_EXCHANGE_WIDTH',
    `an exchange with ${width} numbers: all nodes must give equally many, at most ${EXCHANGE_WIDTH}`,
    { value: width },
  );
}
