/** Objects first, then a plain sentence; what pino and Fastify have. */
export interface Logger {
  error (evidence: object, message: string): void
}
