import type { Client, Series } from '../client/index.ts'
import type { BarChart } from './chart.ts'
import { measureDelay } from './delay.ts'
import { fillTerms, find, oncePerFrame, write } from './dom.ts'
import { formatCount, formatDelay } from './format.ts'
import { describeBar } from './legend.ts'
import type { Key } from './place.ts'

/** Bars that it begins with, if the server gives so many. */
const HISTORY = 500

export interface ViewerParts {
  readonly client: Client
  readonly chart: BarChart
  /** How many bars the server gives at once. */
  readonly maxHistory: number
}

/** One contract and period on the screen: its chart, its legend and what the status line says of it. */
export class Viewer {
  series: Series | undefined
  readonly #client: Client
  readonly #chart: BarChart
  readonly #history: number
  #period = ''
  #revisions = 0
  /** The bar that somebody points at, by its open time. */
  #pointed: number | undefined
  #stop = (): void => {}
  readonly #paint = oncePerFrame(() => { this.#show() })

  constructor ({ client, chart, maxHistory }: ViewerParts) {
    this.#client = client
    this.#chart = chart
    this.#history = Math.min(HISTORY, maxHistory)
  }

  /** Shows this and nothing of what was shown before. */
  open ({ symbol, period }: Key): void {
    this.#stop()
    const series = this.#client.series(`${symbol}.${period}`, { history: this.#history })
    this.series = series
    this.#period = period
    this.#revisions = 0
    this.#pointed = undefined
    write(find('symbol', HTMLElement), symbol)
    write(find('delay', HTMLElement), '–')
    this.note('Loading …')
    const stopChart = this.#chart.show(series, period)
    const stopDelay = measureDelay(this.#client, symbol, (ms) => { if (this.series === series) write(find('delay', HTMLElement), formatDelay(ms)) })
    series.on('error', ({ message }) => { if (this.series === series) this.note(message) })
    const stopListening = series.on('change', (change) => {
      if (change.type === 'reset') this.note(series.bars.length === 0 ? 'There are no bars yet' : '')
      else if (change.type !== 'append' && change.bar.closed && change.bar.revision > 0) this.#revisions++
      if (change.type === 'append') this.note('')
      this.#paint()
    })
    this.#paint()
    this.#stop = () => {
      stopListening()
      stopDelay()
      stopChart()
      series.close()
    }
  }

  /** Somebody points at the bar that opens at a time, or at none. */
  point (time: number | undefined, by: 'pointer' | 'keyboard'): void {
    this.#pointed = time
    this.#paint()
    if (by === 'keyboard') write(find('spoken', HTMLElement), this.#describe().map((field) => field.join(' ')).join(', '))
  }

  #show (): void {
    const fields = this.#describe()
    fillTerms(find('legend', HTMLElement), fields)
    write(find('seq', HTMLElement), fields.length === 0 ? '–' : formatCount(this.series?.seq ?? 0))
    write(find('revisions', HTMLElement), formatCount(this.#revisions))
  }

  /** The bar that somebody points at, or the last one. */
  #describe (): [string, string][] {
    const bars = this.series?.bars ?? []
    const bar = bars.find(({ time }) => time === this.#pointed) ?? bars.at(-1)
    return bar === undefined ? [] : describeBar(bar, { decimals: this.#chart.decimals, period: this.#period })
  }

  /** Says something where the chart would be. */
  note (text: string): void {
    const notice = find('notice', HTMLElement)
    notice.hidden = text === ''
    write(notice, text)
  }
}
