import type { Logger } from './logger.ts'
import type { Guard, Identity } from './identity.ts'

export interface SessionOptions {
  readonly guard: Guard
  readonly logger: Logger
  /** How many verdicts on keys are remembered. */
  readonly maxVerdicts: number
  /** Who the client is, if that is known from the start. */
  readonly identity: Identity | undefined
  /** Until when it has to have said who it is, UTC milliseconds. */
  readonly authBy: number
}

/** Who the client of one connection is, for how long that holds, and which keys it may have. */
export class Session {
  /** When the client has to have said who it is, or to have said so again, UTC milliseconds. */
  deadline: number
  identity: Identity | undefined
  readonly #options: SessionOptions
  #verdicts: Map<string, boolean> | undefined

  constructor (options: SessionOptions) {
    const { identity, authBy } = options
    this.#options = options
    this.deadline = authBy
    if (identity !== undefined) this.identify(identity)
    else if (this.admitted) this.deadline = Infinity
  }

  /** Whether the client may ask for anything but to be let in. */
  get admitted (): boolean {
    return this.identity !== undefined || this.#options.guard.verifyToken === undefined
  }

  identify (identity: Identity): void {
    this.identity = identity
    this.deadline = identity.expiresAt ?? Infinity
    this.#verdicts = undefined // a new token may be for other keys
  }

  /** Which of these keys the client may not have; at once where the application says so at once. */
  refused (keys: readonly string[]): ReadonlySet<string> | Promise<ReadonlySet<string>> {
    const { identity } = this
    const { authorize } = this.#options.guard
    const refused = new Set<string>()
    if (authorize === undefined || identity === undefined) return refused
    const pending: Promise<void>[] = []
    for (const key of keys) {
      const verdict = this.#verdicts?.get(key) ?? this.#judge(() => authorize(identity, key))
      if (typeof verdict === 'object') pending.push(this.#settle(verdict).then((good) => { this.#note(key, good, refused) }))
      else this.#note(key, verdict, refused)
    }
    return pending.length === 0 ? refused : Promise.all(pending).then(() => refused)
  }

  #judge (ask: () => boolean | Promise<boolean>): boolean | Promise<boolean> | undefined {
    try {
      return ask()
    } catch (err) {
      return this.#failed(err)
    }
  }

  async #settle (verdict: Promise<boolean>): Promise<boolean | undefined> {
    return await verdict.catch((err: unknown) => this.#failed(err))
  }

  /** No verdict is none that lets in, but it is asked for again the next time. */
  #failed (err: unknown): undefined {
    this.#options.logger.error({ err }, 'whether a subscriber may have a key could not be found out')
    return undefined
  }

  #note (key: string, verdict: boolean | undefined, refused: Set<string>): void {
    if (verdict !== true) refused.add(key)
    if (verdict === undefined) return
    if (this.#verdicts === undefined || this.#verdicts.size >= this.#options.maxVerdicts) this.#verdicts = new Map()
    this.#verdicts.set(key, verdict)
  }
}
