import fc from 'fast-check'
import t from 'tap'
import { addDecimal, addExact, formatDecimal, parseDecimal, toDecimal, toNumber } from '../../src/market/decimal.ts'
import { scaled, sumOf } from '../fixture/minutes.ts'

const value = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000),
  fc.tuple(fc.maxSafeInteger(), fc.nat(22)).map(([n, scale]) => Number(`${n}e-${scale}`)),
  fc.double({ min: 1e-22, max: 1e30, noNaN: true }),
  fc.double({ min: -1e30, max: -1e-22, noNaN: true }),
  fc.constantFrom(0, 0.1, 0.2, 1e-7, 1e21, 1e22, -1e-7, 999999999999999, 1e15, 1e15 + 1),
)
const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true })

t.test('1,440 times 0.1 is 144', async (t) => {
  let sum = 0
  for (let i = 0; i < 1440; i++) sum = addExact(sum, 0.1)
  t.equal(sum, 144)
  let wide = toDecimal(0)
  for (let i = 0; i < 1440; i++) wide = addDecimal(wide, toDecimal(0.1))
  t.equal(toNumber(wide), 144)
})

t.test('a sum of doubles is the decimal sum or is refused', async (t) => {
  fc.assert(fc.property(value, value, (a, b) => {
    const sum = addExact(a, b)
    return sum === Infinity || sum === sumOf([a, b])
  }), { numRuns: 3000 })
  t.pass()
})

t.test('a sum of doubles with at most 14 digits each at one scale is never refused', async (t) => {
  const digits = fc.integer({ min: -(10 ** 14), max: 10 ** 14 })
  fc.assert(fc.property(digits, digits, fc.nat(8), (x, y, scale) => {
    const [a, b] = [x / 10 ** scale, y / 10 ** scale]
    return addExact(a, b) === sumOf([a, b])
  }), { numRuns: 3000 })
  t.pass()
})

t.test('a sum of decimals is exact', async (t) => {
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
    const { digits, scale } = values.map(toDecimal).reduce(addDecimal)
    const exact = values.reduce((sum, value) => sum + scaled(value), 0n)
    return digits * 10n ** BigInt(60 - scale) === exact && toNumber({ digits, scale }) === sumOf(values)
  }), { numRuns: 2000 })
  t.pass()
})

t.test('a sum does not depend on the order', async (t) => {
  fc.assert(fc.property(value, value, value, (a, b, c) => {
    const [x, y, z] = [a, b, c].map(toDecimal)
    return addExact(a, b) === addExact(b, a) &&
      toNumber(addDecimal(addDecimal(x, y), z)) === toNumber(addDecimal(x, addDecimal(y, z)))
  }))
  t.pass()
})

t.test('a double becomes a decimal and comes back', async (t) => {
  fc.assert(fc.property(anyDouble, (value) => toNumber(toDecimal(value)) === value), { numRuns: 1000 })
  for (const value of [1e21, 1.5e-7, -2.5e300, 5e-324, Number.MAX_VALUE, -0.1, 123456789012345680000]) t.equal(toNumber(toDecimal(value)), value)
  t.same(toDecimal(1.5e-7), { digits: 15n, scale: 8 })
  t.same(toDecimal(-2e22), { digits: -20000000000000000000000n, scale: 0 })
})

t.test('a decimal is written and read back unchanged', async (t) => {
  fc.assert(fc.property(fc.bigInt(), fc.nat(400), (digits, scale) => {
    const back = parseDecimal(formatDecimal({ digits, scale }))
    return back.digits === digits && back.scale === scale
  }))
  t.equal(formatDecimal({ digits: -15n, scale: 3 }), '-15e-3')
})

t.test('sums too long for a double are refused', async (t) => {
  t.equal(addExact(999999999999999, 2), Infinity)
  t.equal(addExact(-999999999999999, -2), Infinity)
  t.equal(addExact(1234567890.1234567, 1), Infinity)
  t.equal(addExact(1e21, 1), Infinity)
  t.equal(addExact(1e-30, 1), Infinity)
  t.equal(addExact(1e14, 0.001), Infinity)
  t.equal(addExact(-5, 0.1), -4.9)
  t.equal(addExact(0.3, -0.1), 0.2)
})

t.test('a sum past the largest double stays at the largest', async (t) => {
  const max = toDecimal(Number.MAX_VALUE)
  t.equal(toNumber(addDecimal(max, max)), Number.MAX_VALUE)
  const min = toDecimal(-Number.MAX_VALUE)
  t.equal(toNumber(addDecimal(min, min)), -Number.MAX_VALUE)
  t.equal(addExact(Number.MAX_VALUE, Number.MAX_VALUE), Infinity)
})
