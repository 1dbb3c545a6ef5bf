const MINUTE = 60_000
const SEED = 0x9e3779b1
/** A late minute comes so many steps after its time. */
const LATE = 3
/** Of a hundred minutes so many have this fate, the others come once and on time. */
const FATES = [['absent', 3], ['late', 2], ['corrected', 2], ['repeated', 1]]

/**
 * What is sent, and when: a step is a minute of the market, with three POSTs of each producer. All of it is worked
 * out from numbers, so that a producer can die and go on, and what the server has to have is known without
 * having been noted.
 *
 *   step n:  the minutes n  ─►  what is late, corrected or sent again  ─►  the watermark
 */
export class Market {
  #begin

  /** `begin`: the open time of minute 0. Those before it are history, of which every minute is as it was. */
  constructor (begin) {
    this.#begin = begin
  }

  timeOf (minute) {
    return this.#begin + minute * MINUTE
  }

  /**
   * POST number `post` of a producer of the contracts `from` up to, not including, `to`: path, body, and how many
   * minutes the answer has to count as what. Undefined: this step has none.
   */
  post (post, { from, to }) {
    const step = Math.floor(post / POSTS)
    if (post % POSTS === 2) return { path: '/watermarks', body: { time: this.timeOf(step + 1), symbols: range(from, to).map(symbolOf) }, expected: undefined }
    const expected = { accepted: 0, duplicates: 0, revised: 0 }
    const body = []
    for (let contract = from; contract < to; contract++) {
      for (const { minute, version, as } of post % POSTS === 0 ? this.#onTime(contract, step) : this.#extras(contract, step)) {
        body.push(this.bar(contract, minute, version))
        expected[as]++
      }
    }
    return body.length === 0 ? undefined : { path: '/bars', body, expected }
  }

  /** A minute of history. */
  bar (contract, minute, version = 0) {
    const chance = scatter(contract, minute)
    const open = 1000 + contract + (chance >>> 8 & 1023) / 10
    const close = open + ((chance >>> 18) - 8192) / 1024 + version
    return {
      symbol: symbolOf(contract),
      time: this.timeOf(minute),
      open,
      high: Math.max(open, close) + 0.5,
      low: Math.min(open, close) - 0.25,
      close,
      volume: 1 + (chance >>> 4 & 4095) + version,
      trades: 1, // of a longer bar it says how many minutes are in it
    }
  }

  /** What a contract has to have after so many steps: its minutes from `first` on, ascending. */
  minutes (contract, { first, steps }) {
    const bars = []
    for (let minute = first; minute < steps; minute++) {
      const fate = fateOf(contract, minute)
      if (fate === 'absent' || (fate === 'late' && minute + LATE >= steps)) continue
      bars.push(this.bar(contract, minute, fate === 'corrected' && minute + delayOf(contract) < steps ? 1 : 0))
    }
    return bars
  }

  /** How many durable events of its minutes a contract has to have had in so many steps. */
  events (contract, steps) {
    let events = 0
    for (let minute = 0; minute < steps; minute++) {
      const fate = fateOf(contract, minute)
      if (fate === 'corrected' && minute + delayOf(contract) < steps) events += 2
      else if (fate === 'late' ? minute + LATE < steps : fate !== 'absent') events++
    }
    return events
  }

  #onTime (contract, step) {
    const fate = fateOf(contract, step)
    return fate === 'absent' || fate === 'late' ? [] : [{ minute: step, version: 0, as: 'accepted' }]
  }

  #extras (contract, step) {
    const extras = []
    if (fateOf(contract, step - LATE) === 'late') extras.push({ minute: step - LATE, version: 0, as: 'accepted' })
    if (fateOf(contract, step - delayOf(contract)) === 'corrected') extras.push({ minute: step - delayOf(contract), version: 1, as: 'revised' })
    if (fateOf(contract, step - 1) === 'repeated') extras.push({ minute: step - 1, version: 0, as: 'duplicates' })
    return extras
  }
}

/** POSTs of a step. */
export const POSTS = 3

export function symbolOf (contract) {
  return `S${contract}`
}

/** A bar of so many minutes, as the server has it, from bars of minutes that fall into it. */
export function foldMinutes (minutes, length) {
  const bars = []
  for (const { time, open, high, low, close, volume, trades } of minutes) {
    const start = Math.floor(time / (length * MINUTE)) * length * MINUTE
    const bar = bars.at(-1)
    if (bar?.time !== start) {
      bars.push({ time: start, open, high, low, close, volume, trades })
      continue
    }
    bar.high = Math.max(bar.high, high)
    bar.low = Math.min(bar.low, low)
    bar.close = close
    bar.volume += volume
    bar.trades += trades
  }
  return bars
}

/** After how many steps a minute of the contract is corrected: never two of them in one step. */
function delayOf (contract) {
  return 2 + contract % 9
}

function fateOf (contract, minute) {
  if (minute < 0) return 'plain'
  let chance = (scatter(contract, minute) >>> 24) / 256 * 100
  for (const [fate, share] of FATES) if ((chance -= share) < 0) return fate
  return 'plain'
}

/** 32 bits that look like chance and are always the same. */
function scatter (contract, minute) {
  let bits = Math.imul(contract + 1, SEED) ^ Math.imul(minute + 0x7f4a7c15, 0x85ebca6b)
  bits = Math.imul(bits ^ bits >>> 15, 0x2c1b3c6d)
  bits = Math.imul(bits ^ bits >>> 12, 0x297a2d39)
  return (bits ^ bits >>> 15) >>> 0
}

function range (from, to) {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
