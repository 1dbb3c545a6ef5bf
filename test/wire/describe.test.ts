import t from 'tap'
import { describe } from '../../src/wire/describe.ts'

t.test('a value is named with its type, and a long one is cut', async (t) => {
  const circle: { self?: object } = {}
  circle.self = circle
  const cases: [unknown, string][] = [
    [undefined, 'nothing'],
    [null, '`null`'],
    ['1.5', '`"1.5"` (string)'],
    [1.5, '`1.5` (number)'],
    [NaN, '`NaN` (number)'],
    [true, '`true` (boolean)'],
    [[1], '`[1]` (array)'],
    [{ a: 1 }, '`{"a":1}` (object)'],
    [5n, '`5` (bigint)'],
    [Symbol('s'), '`Symbol(s)` (symbol)'],
    [circle, '`…` (object)'],
    [JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)), '`…` (array)'],
    ['x'.repeat(100), `\`"${'x'.repeat(79)}…\` (string)`],
  ]
  for (const [value, expected] of cases) t.equal(describe(value), expected)
})
