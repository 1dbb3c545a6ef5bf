import type { Database, RootDatabase } from 'lmdb'
import { KlineError } from '../errors.ts'
import type { Ladder } from '../market/ladder.ts'
import type { Marks } from './book.ts'
import { TABLES } from './data-file.ts'
import { newEpoch } from './epoch.ts'
import type { OwnerRecord } from './owner.ts'

/** Changes when an older program could not read what this one writes, or the other way round. */
export const FORMAT = '3'

/**
 * Looks whether a file is of this program at all, before anything is written to it.
 *
 * @throws KLP_ERR_INCOMPATIBLE
 */
export function checkTables (root: RootDatabase, dataDir: string): void {
  for (const name of root.getKeys()) {
    if (!TABLES.includes(String(name))) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The data directory \`${dataDir}\` is of another program: it has \`${String(name)}\``)
  }
}

/** What a data directory says about itself. */
export class Meta {
  readonly #texts: Database<string, string>

  constructor (root: RootDatabase) {
    this.#texts = root.openDB<string, string>('meta', { encoding: 'string', cache: false })
  }

  get owner (): OwnerRecord {
    return {
      read: () => this.#texts.get('owner'),
      swap: (expected, next) => this.#texts.transactionSync(() => {
        if (this.#texts.get('owner') !== expected) return false
        this.#texts.putSync('owner', next)
        return true
      }),
    }
  }

  /**
   * The epoch of the data, made if there is none yet: of new data, and of a copy, whose bars will not be those of the
   * original for long.
   *
   * @throws KLP_ERR_INCOMPATIBLE
   */
  epoch ({ calendar, rungs }: Ladder, dataDir: string): string {
    const ours = { format: FORMAT, calendar: calendar.name, periods: rungs.map(({ period }) => period).join(' ') }
    const epoch = this.#texts.get('epoch')
    for (const [name, value] of Object.entries(ours)) {
      const theirs = this.#texts.get(name)
      if (theirs !== value && (epoch ?? theirs) !== undefined) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The data directory \`${dataDir}\` was made with ${name} \`${theirs}\`, got \`${value}\``)
    }
    if (epoch !== undefined) return epoch
    const made = newEpoch()
    this.#texts.transactionSync(() => {
      for (const [name, value] of Object.entries({ ...ours, epoch: made })) this.#texts.putSync(name, value)
    })
    return made
  }

  /** Whoever opens the data next makes an epoch for them. */
  forgetEpoch (): void {
    this.#texts.removeSync('epoch')
  }

  /** As they were when the journal was cut. */
  get marks (): Marks | undefined {
    const text = this.#texts.get('marks')
    return text === undefined ? undefined : parseMarks(text)
  }

  /** To be called inside a transaction. */
  putMarks ({ position, watermark, clock }: Marks): void {
    this.#texts.put('marks', `${position} ${watermark} ${clock}`)
  }
}

export function parseMarks (text: string): Marks {
  const [position, watermark, clock] = text.split(' ').map(Number)
  return { position, watermark, clock }
}
