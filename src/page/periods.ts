import { make } from './dom.ts'

/** One radio button for each period, which looks like a button; the browser has the keys for it. */
export function offerPeriods (box: HTMLElement, { periods, onChoose }: { periods: readonly string[], onChoose: (period: string) => void }): (chosen: string) => void {
  const inputs = periods.map((period) => {
    const input = make('input', '')
    Object.assign(input, { type: 'radio', name: 'period', value: period })
    const label = make('label', '', input)
    label.append(period)
    box.append(label)
    input.addEventListener('change', () => { onChoose(period) })
    return input
  })
  return (chosen) => { for (const input of inputs) input.checked = input.value === chosen }
}
