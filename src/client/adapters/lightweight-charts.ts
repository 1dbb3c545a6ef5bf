import type { Bar } from '../../market/bar.ts'
import type { Series } from '../series.ts'

/** What is needed of a series of lightweight-charts 5. Its times are of a type that no other has. */
export interface Drawing {
  setData (points: any[]): void
  update (point: any, historicalUpdate?: boolean): void
}

export interface Drawings {
  /** A `CandlestickSeries` or a `BarSeries`. */
  readonly candles: Drawing
  /** A `HistogramSeries`. */
  readonly volumes?: Drawing
}

/** Keeps drawings equal to the bars of a series until the function that comes back is called. */
export function draw (series: Series, { candles, volumes }: Drawings): () => void {
  const drawAll = (): void => {
    candles.setData(series.bars.map(toCandle))
    volumes?.setData(series.bars.map(toVolume))
  }
  drawAll()
  return series.on('change', (change) => {
    if (change.type === 'older') return
    if (change.type === 'reset' || change.type === 'insert') return drawAll()
    const isOlder = change.type === 'correct'
    candles.update(toCandle(change.bar), isOlder)
    volumes?.update(toVolume(change.bar), isOlder)
  })
}

function toCandle ({ time, open, high, low, close }: Bar) {
  return { time: time / 1000, open, high, low, close }
}

function toVolume ({ time, volume }: Bar) {
  return { time: time / 1000, value: volume }
}
