/** A WebSocket as the client uses it: the browser's, Node's own, or the package `ws`. */

export interface SocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

export interface SocketLike {
  binaryType: string;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void;
}

export type SocketMaker = new (url: string, protocols: string[]) => SocketLike;

/** The global WebSocket, or else that of the package ws. */
export async function standardSocket(): Promise<SocketMaker> {
  const own = (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof own === 'function') return own as SocketMaker;
  return (await import('ws')).WebSocket as unknown as SocketMaker;
}
