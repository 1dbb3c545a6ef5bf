/** What the push room needs of a WebSocket; the route that owns the real one fits it to this. */
export interface Socket {
  /** Hands over whole frames. The bytes must not change until `buffered` is 0 again. */
  write (bytes: Uint8Array): void
  /** Whether the peer takes compressed frames (permessage-deflate, RFC 7692). */
  readonly deflates: boolean
  /** How many bytes were handed over that the kernel has not taken. */
  readonly buffered: number
  /** Calls back once, when all that was handed over so far has been taken. */
  whenDrained (callback: () => void): void
  ping (): void
  close (code: number, reason: string): void
  terminate (): void
}
