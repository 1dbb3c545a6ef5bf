/** Objects first, then a plain sentence; what pino and Fastify have. */
export interface Logger {
  debug (evidence: object, message: string): void
  info (evidence: object, message: string): void
  error (evidence: object, message: string): void
}
