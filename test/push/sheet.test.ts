import t from 'tap'
import { Sheet } from '../../src/push/sheet.ts'

function text (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

t.test('frames lie side by side and can be had one by one or together', async (t) => {
  const sheet = new Sheet()
  t.strictSame(['a', 'bc', 'def'].map((message) => sheet.add(message, undefined)), [0, 1, 2])
  t.equal(sheet.length, 3)
  t.equal(text(sheet.slice(1, 2)), '\x81\x02bc')
  t.equal(text(sheet.slice(0, 3)), '\x81\x01a\x81\x02bc\x81\x03def')
  t.equal(sheet.size(1, 3), 9)
})

t.test('a frame of its own stays what it was when the sheet is used again', async (t) => {
  const sheet = new Sheet()
  const frame = sheet.frame(sheet.add('one', 'a.5m'))
  t.equal(sheet.frame(0), frame, 'and is made once')
  sheet.clear({ kept: false })
  sheet.add('two', undefined)
  t.equal(text(frame.bytes), '\x81\x03one')
  t.equal(frame.replaceable, 'a.5m')
  t.equal(text(sheet.frame(0).bytes), '\x81\x03two')
  t.equal(sheet.frame(0).replaceable, undefined)
})

t.test('what a socket has kept is not written over', async (t) => {
  const sheet = new Sheet()
  sheet.add('kept', undefined)
  const kept = sheet.slice(0, 1)
  sheet.clear({ kept: true })
  sheet.add('next', undefined)
  t.equal(text(kept), '\x81\x04kept')
})

t.test('it says when there is no room', async (t) => {
  const sheet = new Sheet()
  const message = 'x'.repeat(100_000)
  let count = 0
  for (; sheet.hasRoomFor(message); count++) sheet.add(message, undefined)
  t.equal(count, 5)
  sheet.clear({ kept: false })
  t.ok(sheet.hasRoomFor(message))
})
