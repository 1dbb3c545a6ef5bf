import t from 'tap'
import { Tally } from '../../src/push/tally.ts'

t.test('what has no name of its own counts as other, so that nobody can make up names', async (t) => {
  const tally = new Tally([1001, 'BAD_FRAME'])
  for (const name of [1001, '1001', 'BAD_FRAME', 4999, 'toString', 'other']) tally.add(name)
  t.strictSame([...tally.entries()], [['1001', 2], ['BAD_FRAME', 1], ['other', 3]])
})
