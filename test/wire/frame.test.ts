import t from 'tap'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { frameText, roomFor, writeFrame } from '../../src/wire/frame.ts'

// Its types don't have it.
const { Receiver } = createRequire(import.meta.url)('ws')

/** The payload of an unmasked text frame, by the letter of RFC 6455. */
function read (bytes: Buffer): { head: number, text: string } {
  t.equal(bytes[0], 0x81)
  const short = bytes[1]
  const [head, length] = short < 126
    ? [2, short]
    : short === 126 ? [4, bytes.readUInt16BE(2)] : [10, Number(bytes.readBigUInt64BE(2))]
  t.equal(bytes.length, head + length)
  return { head, text: bytes.toString('utf8', head) }
}

t.test('each length has its shortest head', async (t) => {
  for (const [length, head] of [[0, 2], [1, 2], [125, 2], [126, 4], [65_535, 4], [65_536, 10], [200_000, 10]]) {
    const text = 'x'.repeat(length)
    t.strictSame(read(frameText(text).bytes), { head, text })
    const into = Buffer.alloc(roomFor(length) + 7)
    t.strictSame(read(into.subarray(7, writeFrame(text, into, 7))), { head, text })
  }
})

t.test('text beyond ASCII is counted in bytes', async (t) => {
  for (const text of ['é'.repeat(100), '螺纹钢', '🚀', 'é'.repeat(40_000)]) t.equal(read(frameText(text).bytes).text, text)
})

t.test('a reader by other hands understands the frames', async (t) => {
  const receiver = new Receiver({ isServer: false })
  for (const text of ['{}', 'ü'.repeat(500), 'z'.repeat(70_000)]) {
    const message = once(receiver, 'message')
    receiver.write(frameText(text).bytes)
    const [data, binary] = await message
    t.equal(binary, false)
    t.equal(data.toString(), text)
  }
})

t.test('only a frame that may be superseded says of what key it is', async (t) => {
  t.equal(frameText('').replaceable, undefined)
  t.equal(frameText('', 'a.1m').replaceable, 'a.1m')
})
