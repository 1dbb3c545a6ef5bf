/** What the client needs of a WebSocket: those of browsers, of Node and of `ws` have it. */
export interface Socket {
  addEventListener (type: 'open' | 'message' | 'close' | 'error', listener: (event: any) => void): void
  send (text: string): void
  close (code?: number, reason?: string): void
  /** Ends it without waiting for the other side; browsers can't. */
  terminate? (): void
}

export type SocketClass = new (url: string) => Socket
