import t from 'tap'
import { decimal, integer } from '../../src/cli/arguments.ts'

t.test('an integer is one of digits, in its range', async (t) => {
  const read = integer(1, 5000)
  t.equal(read('1'), 1)
  t.equal(read('5000'), 5000)
  for (const text of ['0', '5001', '', ' ', '1.5', '-1', '1e3', '0x10', 'many']) t.throws(() => read(text), { code: 'commander.invalidArgument', message: 'Expected an integer from 1 to 5000.' }, text)
})

t.test('a decimal may have a fraction, in its range', async (t) => {
  const read = decimal(0.01, 1000)
  t.equal(read('.5'), 0.5)
  t.equal(read('2'), 2)
  t.equal(read('1000.0'), 1000)
  for (const text of ['0.001', '1000.1', '', '1.', '1e3', '-1', 'NaN', 'Infinity', 'fast']) t.throws(() => read(text), { code: 'commander.invalidArgument', message: 'Expected a number from 0.01 to 1000.' }, text)
})
