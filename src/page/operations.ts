import { find, make, write } from './dom.ts'
import type { Metric, Sample } from './metrics.ts'
import { readingsOf } from './readings.ts'
import { RefusedError } from './server.ts'
import { readSignedIn } from './sign-in.ts'

const READ_EVERY_MS = 2000
const WINDOW_MS = 60_000

/** The view for operators: reads the server's metrics again and again while it is shown. */
export class Operations {
  #samples: readonly Sample[] = []
  #shown: AbortController | undefined

  show (isShown: boolean): void {
    if (isShown === (this.#shown !== undefined)) return
    this.#shown?.abort()
    this.#shown = isShown ? new AbortController() : undefined
    if (this.#shown !== undefined) this.#follow(this.#shown.signal)
  }

  async #follow (signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const problem = await this.#read()
      if (signal.aborted) return
      write(find('readings-notice', HTMLElement), problem instanceof Error ? `These numbers are old: ${problem.message}` : '')
      if (problem instanceof RefusedError && problem.status === 401) return // they would rather not say who they are
      await new Promise((resolve) => { setTimeout(resolve, READ_EVERY_MS) })
    }
  }

  /** Why it can't. */
  async #read (): Promise<unknown> {
    try {
      const metrics = await readSignedIn<Metric[]>('metrics', 'operator')
      const now = performance.now()
      this.#samples = [...this.#samples.filter(({ at }) => at > now - WINDOW_MS), { at: now, metrics }]
      this.#fill()
      return undefined
    } catch (err) {
      return err
    }
  }

  #fill (): void {
    const list = find('readings', HTMLElement)
    readingsOf(this.#samples[0], this.#samples[this.#samples.length - 1]).forEach(({ name, text, note }, place) => {
      const card = list.children[place] ?? list.appendChild(make('div', '', make('dt', ''), make('dd', ''), make('dd', 'note')))
      const [term, value, remark] = card.children as unknown as HTMLElement[]
      write(term, name)
      write(value, text)
      write(remark, note)
    })
  }
}
