import { find, make, write } from './dom.ts'
import { type Metric, type Sample } from './metrics.ts'
import { readingsOf } from './readings.ts'
import { readSignedIn } from './sign-in.ts'

const READ_EVERY_MS = 2000
const WINDOW_MS = 60_000

/** The view for operators: reads the server's metrics again and again while it is shown. */
export class Operations {
  #samples: Sample[] = []
  #timer = 0
  #isShown = false

  show (isShown: boolean): void {
    if (isShown === this.#isShown) return
    this.#isShown = isShown
    clearTimeout(this.#timer)
    if (isShown) this.#read()
  }

  async #read (): Promise<void> {
    try {
      const metrics = await readSignedIn<Metric[]>('metrics', 'operator')
      const now = performance.now()
      this.#samples = [...this.#samples.filter(({ at }) => at > now - WINDOW_MS), { at: now, metrics }]
      this.#fill()
      write(find('readings-notice', HTMLElement), '')
    } catch (err) {
      write(find('readings-notice', HTMLElement), `These numbers are old: ${(err as Error).message}`)
    }
    if (this.#isShown) this.#timer = setTimeout(() => { this.#read() }, READ_EVERY_MS)
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
