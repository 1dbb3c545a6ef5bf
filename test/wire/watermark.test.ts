import { Value } from '@sinclair/typebox/value'
import t from 'tap'
import { MAX_SYMBOLS, parseWatermark, WatermarkSchema } from '../../src/wire/watermark.ts'

const NOW = 1_767_596_400_123
const time = 1_767_596_400_000

t.test('a watermark is of all contracts, or of those that it names', async (t) => {
  t.strictSame(parseWatermark({ time }, NOW), { kind: 'watermark', time })
  t.strictSame(parseWatermark({ time: 0, symbols: ['a', 'SHFE.rb2601'] }, NOW), { kind: 'watermark', time: 0, symbols: ['a', 'SHFE.rb2601'] })
  t.strictSame(parseWatermark({ time: 60_000 }, 60_000), { kind: 'watermark', time: 60_000 }, 'what ends now has ended')
})

t.test('a bad one is refused by field and value', async (t) => {
  for (const [input, message] of [
    [undefined, 'Expected a watermark to be an object, got nothing'],
    [null, 'Expected a watermark to be an object, got `null`'],
    [[{ time }], 'Expected a watermark to be an object, got `[{"time":1767596400000}]` (array)'],
    [{}, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got nothing'],
    [{ time: '1767596400000' }, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got `"1767596400000"` (string)'],
    [{ time: time + 1 }, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got `1767596400001` (number)'],
    [{ time: -60_000 }, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got `-60000` (number)'],
    [{ time: NaN }, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got `NaN` (number)'],
    [{ time: Infinity }, 'Expected `time` to be an integer multiple of 60000 (UTC milliseconds), got `Infinity` (number)'],
    [{ time: time + 60_000 }, 'Expected `time` to be at most the server\'s time (1767596400123), got `1767596460000` (number)'],
    [{ time, symbol: 'a' }, 'Expected no field `symbol`, got `"a"` (string)'],
    [{ time, symbols: 'a' }, 'Expected `symbols` to be an array of 1 to 10000, got `"a"` (string)'],
    [{ time, symbols: [] }, 'Expected `symbols` to be an array of 1 to 10000, got `[]` (array)'],
    [{ time, symbols: ['a', 'b c'] }, 'Expected `symbols[1]` to be 1 to 64 visible ASCII characters without space, *, ? or ", got `"b c"` (string)'],
    [{ time, symbols: [7] }, 'Expected `symbols[0]` to be 1 to 64 visible ASCII characters without space, *, ? or ", got `7` (number)'],
  ] as const) t.throws(() => parseWatermark(input, NOW), { code: 'KLP_ERR_WATERMARK', statusCode: 400, message }, message)
  t.equal(parseWatermark({ time, symbols: Array(MAX_SYMBOLS).fill('a') }, NOW).symbols?.length, MAX_SYMBOLS)
  t.throws(() => parseWatermark({ time, symbols: Array(MAX_SYMBOLS + 1).fill('a') }, NOW), { code: 'KLP_ERR_WATERMARK' })
})

t.test('what its schema says is what is taken, but for what is still to come', async (t) => {
  const good = [{ time }, { time: 0, symbols: ['a', 'SHFE.rb2601'] }, { time, symbols: Array(MAX_SYMBOLS).fill('a') }]
  const bad = [undefined, null, [{ time }], {}, { time: '60000' }, { time: time + 1 }, { time: -60_000 }, { time, symbol: 'a' }, { time, symbols: 'a' }, { time, symbols: [] }, { time, symbols: ['b c'] }, { time, symbols: [7] }, { time, symbols: Array(MAX_SYMBOLS + 1).fill('a') }]
  for (const input of good) {
    t.ok(Value.Check(WatermarkSchema, input))
    t.ok(parseWatermark(input, NOW))
  }
  for (const input of bad) {
    t.notOk(Value.Check(WatermarkSchema, input))
    t.throws(() => parseWatermark(input, NOW))
  }
  for (const example of WatermarkSchema.examples) t.ok(parseWatermark(example, NOW))
})
