import { CandlestickSeries, createChart, HistogramSeries, type IChartApi, type ISeriesApi, type Time } from 'lightweight-charts'
import { draw } from '../client/adapters/lightweight-charts.ts'
import type { Bar, Series } from '../client/index.ts'
import { decimalsOf, isIntraday } from './format.ts'
import { colour } from './theme.ts'

/** Bars that are to be seen at first. */
const SEEN = 120
/** What a double can say, and a chart can draw. */
const MOST_DECIMALS = 15

export interface ChartParts {
  readonly box: HTMLElement
  /** Hears the open time of the bar under the pointer, or of the one that the keyboard is at; neither: it is undefined. */
  readonly onPoint: (time: number | undefined, by: 'pointer' | 'keyboard') => void
}

/** Candles and volume of one series at a time. */
export class BarChart {
  readonly api: IChartApi
  readonly candles: ISeriesApi<'Candlestick'>
  readonly volumes: ISeriesApi<'Histogram'>
  /** The digits after the point of its prices. */
  decimals = 2
  readonly #parts: ChartParts
  #bars: readonly Bar[] = []
  /** Of the bar that the keyboard is at. */
  #cursor: number | undefined

  constructor (parts: ChartParts) {
    const { box, onPoint } = parts
    this.#parts = parts
    this.api = createChart(box, { autoSize: true, layout: { attributionLogo: false }, crosshair: { mode: 0 }, timeScale: { rightOffset: 4 } })
    this.candles = this.api.addSeries(CandlestickSeries)
    this.volumes = this.api.addSeries(HistogramSeries, { priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false })
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.24 } })
    this.volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } })
    this.api.subscribeCrosshairMove(({ time, sourceEvent }) => {
      if (time === undefined && sourceEvent === undefined && this.#cursor !== undefined) return // the keyboard has it
      this.#cursor = undefined
      onPoint(time === undefined ? undefined : Number(time) * 1000, 'pointer')
    })
    box.addEventListener('keydown', (event) => { if (!event.ctrlKey && !event.metaKey && !event.altKey) this.#press(event) })
    this.paint()
  }

  /** Follows a series until the function that comes back is called. */
  show (series: Series, period: string): () => void {
    this.#bars = series.bars
    this.#cursor = undefined
    this.api.applyOptions({ timeScale: { timeVisible: isIntraday(period) } })
    this.#needDecimals(0)
    let isPlaced = false
    const settle = (news: readonly Bar[]): void => {
      this.#needDecimals(news.reduce((most, { open, high, low, close }) => Math.max(most, decimalsOf(open), decimalsOf(high), decimalsOf(low), decimalsOf(close)), this.decimals))
      const { length } = series.bars
      if (isPlaced || length === 0) return
      isPlaced = true
      this.api.timeScale().setVisibleLogicalRange({ from: length - SEEN, to: length + 4 })
      this.api.priceScale('right').applyOptions({ autoScale: true })
    }
    const stopDrawing = draw(series, { candles: this.candles, volumes: this.volumes })
    settle(series.bars)
    const stopSettling = series.on('change', (change) => { settle(change.type === 'reset' ? series.bars : [change.bar]) })
    return () => {
      stopSettling()
      stopDrawing()
      this.#bars = []
      this.candles.setData([])
      this.volumes.setData([])
    }
  }

  /** In the colours that the page has now. */
  paint (): void {
    const [ground, ink, line, quiet, up, down, volume] = ['--ground', '--ink', '--line', '--quiet', '--up', '--down', '--volume'].map(colour)
    this.api.applyOptions({
      layout: { background: { color: ground }, textColor: ink },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      crosshair: { vertLine: { color: quiet, labelBackgroundColor: quiet }, horzLine: { color: quiet, labelBackgroundColor: quiet } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    })
    this.candles.applyOptions({ upColor: up, wickUpColor: up, downColor: down, wickDownColor: down, borderVisible: false })
    this.volumes.applyOptions({ color: volume })
  }

  #needDecimals (wanted: number): void {
    const decimals = Math.min(MOST_DECIMALS, wanted)
    if (decimals === this.decimals) return
    this.decimals = decimals
    this.candles.applyOptions({ priceFormat: { type: 'price', precision: decimals, minMove: Number(`1e-${decimals}`) } })
  }

  #press (event: KeyboardEvent): void {
    const last = this.#bars.length - 1
    const from = this.#cursor ?? last + 1
    switch (event.key) {
      case 'ArrowLeft': this.#point(Math.max(0, from - 1)); break
      case 'ArrowRight': this.#point(Math.min(last, from + 1)); break
      case 'Home': this.#point(0); break
      case 'End': this.#point(last); break
      case 'Escape': this.#point(undefined); this.api.timeScale().scrollToRealTime(); break
      case '+': case '=': this.#zoom(0.8); break
      case '-': this.#zoom(1.25); break
      default: return
    }
    event.preventDefault()
  }

  #point (place: number | undefined): void {
    const bar = place === undefined ? undefined : this.#bars[place]
    this.#cursor = bar === undefined ? undefined : place
    if (bar === undefined || place === undefined) this.api.clearCrosshairPosition()
    else {
      const scale = this.api.timeScale()
      const { from, to } = scale.getVisibleLogicalRange() ?? { from: place, to: place }
      const shift = place < from ? place - from - 1 : Math.max(0, place - to + 1)
      if (shift !== 0) scale.setVisibleLogicalRange({ from: from + shift, to: to + shift })
      this.api.setCrosshairPosition(bar.close, bar.time / 1000 as Time, this.candles)
    }
    this.#parts.onPoint(bar?.time, 'keyboard')
  }

  /** The newest bar that can be seen stays where it is. */
  #zoom (factor: number): void {
    const scale = this.api.timeScale()
    const range = scale.getVisibleLogicalRange()
    if (range !== null) scale.setVisibleLogicalRange({ from: range.to - (range.to - range.from) * factor, to: range.to })
  }
}
