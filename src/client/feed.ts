import type { Bar } from '../market/bar.ts'
import type { AckedKey, AnswerOf, BarFrame } from '../wire/frames.ts'
import { Bars, type Placing } from './bars.ts'
import type { KlineClientError } from './error.ts'

/** So many bars are looked through for what was missed, if the server can't tell it. */
const AGAIN = 128

/** Who listens to a key. */
export interface Ear {
  /** How many bars it begins with. */
  readonly history: number
  /** How many are to be held for it. */
  readonly limit: number
  /** The newest `history` bars: the first that is heard. */
  onStart (bars: readonly Bar[]): void
  /** All bars were read again. These are the ones that say something new; `missed`: events that nobody was told of. */
  onReset (news: readonly Bar[], how: { readonly missed: boolean }): void
  onBar (bar: Bar, placing: Placing): void
  /** Nothing more is heard. */
  onEnd (err?: KlineClientError): void
}

/** A key has to be asked for, was asked for, is being told what it missed, has all. */
export type Phase = 'due' | 'asked' | 'owed' | 'live'

interface Position { readonly epoch: string, readonly seq: number }

export interface FeedOptions {
  readonly closedOnly: boolean
  /** It is in another phase, or nobody listens any more. */
  readonly onChange: (feed: Feed) => void
}

/** One key of the server's, shared by all who listen to it. */
export class Feed {
  readonly key: string
  /** The newest durable event that was heard. */
  seq = 0
  /** The last request of this connection that asked for it. */
  request: number | undefined
  phase: Phase = 'due'
  readonly #bars = new Bars()
  readonly #options: FeedOptions
  /** Whether each has started. */
  readonly #ears = new Map<Ear, boolean>()
  #epoch = ''
  #history = 1
  #asked = 0
  /** From this `seq` on it is live. */
  #target = 0
  /** Whether only a snapshot helps. */
  #anew = true
  #stuck = false

  constructor (key: string, options: FeedOptions) {
    this.key = key
    this.#options = options
  }

  get idle (): boolean {
    return this.#ears.size === 0
  }

  /** Ascending, and always the same array. */
  get bars (): readonly Bar[] {
    return this.#bars.list
  }

  join (ear: Ear): void {
    const bars = this.#bars
    this.#ears.set(ear, false)
    bars.limit = Math.max(bars.limit, ear.limit, 2 * ear.history)
    this.#history = Math.max(this.#history, ear.history)
    if (this.#anew || this.#asked < ear.history) this.ask({ anew: true })
    else queueMicrotask(() => { this.#start(ear) })
  }

  leave (ear: Ear): void {
    this.#ears.delete(ear)
    this.#options.onChange(this)
  }

  /** It has to be asked for again; `anew` if the place where it stands is of no use. */
  ask ({ anew }: { anew: boolean }): void {
    this.#anew ||= anew
    this.#enter('due')
  }

  /** How many bars to ask for; when it comes back as many as it holds, if the server is known to give so many. */
  wanted ({ generous }: { generous: boolean }): number {
    const held = this.#bars.list.length
    const again = generous && this.#epoch !== '' ? Math.max(AGAIN, Math.min(2 ** Math.ceil(Math.log2(held)), this.#bars.limit)) : 0
    this.#asked = Math.max(this.#history, again, this.#options.closedOnly ? 2 : 1) // the newest may be unfinished
    return this.#asked
  }

  /** It is being asked for; the place after which to go on, if there is one. */
  asking (request: number): Position | undefined {
    this.request = request
    this.#enter('asked')
    return this.#anew ? undefined : { epoch: this.#epoch, seq: this.seq }
  }

  acked ({ seq, recovered }: AckedKey): void {
    this.#anew = recovered !== true
    this.#target = seq
    this.#enter(!this.#anew && this.seq >= seq ? 'live' : 'owed')
  }

  snapshot ({ epoch, seq, bars }: AnswerOf<'snapshot'>): void {
    if (this.phase !== 'owed') return // of an earlier request
    const missed = epoch !== this.#epoch || seq !== this.seq
    this.#anew = false
    this.#stuck = false
    this.#epoch = epoch
    this.seq = seq
    const news = this.#bars.replace(this.#options.closedOnly ? bars.filter(({ closed }) => closed) : bars, { complete: bars.length < this.#asked })
    for (const [ear, started] of this.#ears) {
      if (started) ear.onReset(news, { missed })
      else this.#start(ear)
    }
    this.#enter('live')
  }

  bar ({ seq, bar }: BarFrame): void {
    if (this.#anew || (this.phase !== 'owed' && this.phase !== 'live')) return // of an earlier request
    if (seq !== undefined) {
      if (seq !== this.seq + 1) return this.#repair()
      this.seq = seq
      this.#stuck = false
    }
    const placing = this.#bars.put(bar)
    for (const [ear, started] of this.#ears) if (started) ear.onBar(bar, placing)
    if (this.phase === 'owed' && this.seq >= this.#target) this.#enter('live')
  }

  reset (): void {
    if (this.phase === 'owed' || this.phase === 'live') this.ask({ anew: true })
  }

  /** The connection is gone. */
  lost (): void {
    this.request = undefined
    this.#enter('due')
  }

  end (err?: KlineClientError): void {
    const ears = [...this.#ears.keys()]
    this.#ears.clear()
    for (const ear of ears) ear.onEnd(err)
  }

  /** A hole, which should not be: what is missing is asked for, and if that does not help, everything. */
  #repair (): void {
    const anew = this.#stuck
    this.#stuck = true
    this.ask({ anew })
  }

  #start (ear: Ear): void {
    if (this.#ears.get(ear) !== false) return // it has left, or started meanwhile
    this.#ears.set(ear, true)
    ear.onStart(this.#bars.list.slice(-ear.history))
  }

  #enter (phase: Phase): void {
    this.phase = phase
    this.#options.onChange(this)
  }
}
