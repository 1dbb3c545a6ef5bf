import fc from 'fast-check'
import t, { type Test } from 'tap'
import { KlineError } from '../../src/errors.ts'
import { PERIODS } from '../../src/market/period.ts'
import { parseKey } from '../../src/wire/key.ts'
import { parseMinutes } from '../../src/wire/minutes.ts'
import { parseQuery, parseQueryText } from '../../src/wire/query.ts'
import { parseWatermark } from '../../src/wire/watermark.ts'
import { anyBody, anyKeyText, anyQuery, anyWatermark } from '../fixture/fuzz/bodies.ts'
import { type Problem, problemOfBars, problemOfKey, problemOfQuery, problemOfWatermark } from '../fixture/fuzz/rules.ts'
import { casesOf, watchPrototypes } from '../fixture/fuzz/runs.ts'

const NOW = Date.UTC(2026, 0, 5)

t.setTimeout(600_000)

/** What is taken and what is refused, and why, has to be what the rules say. */
function holdAgainstRules<T> (t: Test, { any, share, parse, problemOf }: { any: fc.Arbitrary<T>, share: number, parse: (value: T) => unknown, problemOf: (value: T) => Problem | undefined }): void {
  const checkPrototypes = watchPrototypes(t)
  let taken = 0
  let refused = 0
  fc.assert(fc.property(any, (value) => {
    const problem = problemOf(value)
    try {
      parse(value)
      if (problem !== undefined) throw new Error(`It was taken, expected ${problem.code} ${problem.names.join(' or ')}`)
      taken++
    } catch (err) {
      if (!(err instanceof KlineError)) throw err
      if (problem === undefined) throw new Error(`It was refused: ${err.message}`)
      if (err.code !== problem.code || !problem.names.some((name) => err.message.includes(name))) throw new Error(`It was refused with ${err.code} ${err.message}, expected ${problem.code} ${problem.names.join(' or ')}`)
      refused++
    }
    checkPrototypes()
  }), { numRuns: casesOf(share) })
  t.ok(taken > (taken + refused) / 20 && refused > (taken + refused) / 20, `${taken} were taken and ${refused} refused`)
}

t.test('bars are taken exactly if the README allows them, as they are', async (t) => {
  holdAgainstRules(t, {
    any: anyBody,
    share: 0.2,
    parse: (body) => {
      const bars = parseMinutes(body)
      const given = (Array.isArray(body) ? body : [body]) as object[]
      for (const [index, bar] of bars.entries()) {
        if (bar === given[index]) throw new Error('It is not a copy')
        for (const [name, value] of Object.entries(given[index])) if (!Object.is(bar[name as keyof typeof bar], value)) throw new Error(`The field ${name} has changed`)
      }
    },
    problemOf: problemOfBars,
  })
})

t.test('watermarks are taken exactly if the README allows them', async (t) => {
  holdAgainstRules(t, { any: anyWatermark, share: 0.1, parse: (body) => parseWatermark(body, NOW), problemOf: (body) => problemOfWatermark(body, NOW) })
})

t.test('queries are taken exactly if the README allows them', async (t) => {
  holdAgainstRules(t, {
    any: anyQuery.map((pairs) => {
      const query: Record<string, unknown> = Object.create(null)
      for (const [name, value] of pairs) query[name] = name in query ? [query[name], value].flat() : value
      return query
    }),
    share: 0.1,
    parse: (query) => parseQuery(parseQueryText(query), { periods: PERIODS, maxLimit: 1000 }),
    problemOf: (query) => problemOfQuery(query, 1000),
  })
})

t.test('keys are taken exactly if the README allows them', async () => {
  fc.assert(fc.property(anyKeyText, (text) => {
    const parsed = parseKey(text, PERIODS)
    const code = 'code' in parsed ? parsed.code : undefined
    if (code !== problemOfKey(text)) throw new Error(`It has the code ${code}, expected ${problemOfKey(text)}`)
    if (!('code' in parsed) && `${parsed.symbol}.${parsed.period}` !== text) throw new Error(`It became ${parsed.symbol}.${parsed.period}`)
  }), { numRuns: casesOf(0.06) })
})

t.test('whatever a program hands over in process is taken or refused by name', async () => {
  fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true, withBoxedValues: true }), (value) => {
    for (const parse of [parseMinutes, (input: unknown) => parseWatermark(input, NOW)]) {
      try {
        parse(value)
      } catch (err) {
        if (!(err instanceof KlineError)) throw err
      }
    }
  }), { numRuns: casesOf(0.04) })
})
