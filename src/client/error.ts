import type { ClientCode, ErrorCode, FrameCode } from '../errors.ts'

/** A code of the server's, as its frames and REST answers have them, or one of the client's own. */
export type KlineClientCode = FrameCode | ErrorCode | ClientCode

/** Why a subscription has ended, or a read failed. */
export class KlineClientError extends Error {
  readonly code: KlineClientCode

  constructor (code: KlineClientCode, message: string) {
    super(message)
    this.name = 'KlineClientError'
    this.code = code
  }
}
