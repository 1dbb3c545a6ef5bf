import type { Database, RootDatabase } from 'lmdb'
import { KlineError } from '../errors.ts'
import type { Ladder } from '../market/ladder.ts'
import type { Marks } from './book.ts'
import { newEpoch } from './epoch.ts'
import type { OwnerRecord } from './owner.ts'

/** Changes when an older program could not read what this one writes, or the other way round. */
const FORMAT = 3

const TABLES = ['bars', 'contracts', 'events', 'journal', 'meta']

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
   * The epoch of the data, made if there is none yet.
   *
   * @throws KLP_ERR_INCOMPATIBLE
   */
  epoch ({ calendar, rungs }: Ladder, dataDir: string): string {
    const ours = { format: String(FORMAT), calendar: calendar.name, periods: rungs.map(({ period }) => period).join(' ') }
    const epoch = this.#texts.get('epoch')
    if (epoch === undefined) {
      const made = newEpoch()
      this.#texts.transactionSync(() => {
        for (const [name, value] of Object.entries({ ...ours, epoch: made })) this.#texts.putSync(name, value)
      })
      return made
    }
    for (const [name, value] of Object.entries(ours)) {
      const theirs = this.#texts.get(name)
      if (theirs !== value) throw new KlineError('KLP_ERR_INCOMPATIBLE', `The data directory \`${dataDir}\` was made with ${name} \`${theirs}\`, got \`${value}\``)
    }
    return epoch
  }

  /** As they were when the journal was cut. */
  get marks (): Marks | undefined {
    const text = this.#texts.get('marks')
    if (text === undefined) return undefined
    const [position, watermark, clock] = text.split(' ').map(Number)
    return { position, watermark, clock }
  }

  /** To be called inside a transaction. */
  putMarks ({ position, watermark, clock }: Marks): void {
    this.#texts.put('marks', `${position} ${watermark} ${clock}`)
  }
}
