import { InvalidArgumentError } from 'commander'

/** Reads an option that is an integer. */
export function integer (min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Expected an integer from ${min} to ${max}.`)
    return value
  }
}

/** Reads an option that is a number from `min` up to `max`. */
export function decimal (min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d*\.?\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`)
    return value
  }
}
