import t from 'tap'
import { Outbox, PIECE_BYTES } from '../../src/push/outbox.ts'
import { type Frame, frameText } from '../../src/wire/frame.ts'
import { FakeSocket } from '../fixture/socket.ts'

function durable (text: string): Frame {
  return frameText(text, { ascii: true })
}

function update (key: string, text: string): Frame {
  return frameText(text, { ascii: true, replaceable: key })
}

function open ({ maxBufferedBytes = 1_000_000 } = {}) {
  const socket = new FakeSocket()
  const calls = { overflow: 0, idle: 0 }
  const outbox = new Outbox(socket, {
    maxBufferedBytes,
    now: 0,
    onOverflow: () => { calls.overflow++ },
    onIdle: () => { calls.idle++ },
  })
  return { socket, outbox, calls }
}

/** An outbox whose socket has not taken its first frame. */
function openStalled (options?: { maxBufferedBytes?: number }) {
  const opened = open(options)
  opened.socket.stuck = true
  opened.outbox.push(durable('first'))
  opened.outbox.flush()
  return opened
}

t.test('the frames of a tick go out in one write, and only the first one owes a flush', async (t) => {
  const { socket, outbox } = open()
  t.strictSame(['a', 'b', 'c'].map((text) => outbox.push(durable(text))), [true, false, false])
  t.strictSame(socket.writes, [])
  outbox.flush()
  t.strictSame(socket.writes, [['a', 'b', 'c']])
  outbox.flush()
  t.equal(socket.writes.length, 1)
  t.equal(outbox.push(durable('d')), true)
})

t.test('while the socket keeps up every update goes out', async (t) => {
  const { socket, outbox } = open()
  outbox.push(update('k', 'one'))
  outbox.push(update('k', 'two'))
  outbox.flush()
  t.strictSame(socket.frames, ['one', 'two'])
  t.equal(outbox.stalled, false)
})

t.test('while the socket is stalled the newest state of an unfinished bar takes the place of older ones, durable frames all wait in order', async (t) => {
  const { socket, outbox, calls } = openStalled()
  t.equal(outbox.stalled, true)
  const pushed = [update('k', 'k1'), durable('d1'), update('l', 'l1'), update('k', 'k2'), durable('d2'), update('k', 'k3')].map((frame) => outbox.push(frame))
  t.notOk(pushed.includes(true), 'nothing is to be flushed')
  outbox.flush()
  t.strictSame(socket.read(), ['first'])
  socket.stuck = false
  socket.drain()
  t.strictSame(socket.read(), ['d1', 'l1', 'd2', 'k3'])
  t.equal(outbox.stalled, false)
  t.equal(calls.idle, 1)
})

t.test('durable frames with the same text all wait', async (t) => {
  const { socket, outbox } = openStalled()
  outbox.push(durable('same'))
  outbox.push(durable('same'))
  socket.stuck = false
  socket.drain()
  t.strictSame(socket.read(), ['first', 'same', 'same'])
})

t.test('what waited goes out in pieces, and what has not gone out yet can still be replaced', async (t) => {
  const { socket, outbox, calls } = openStalled()
  const half = 'x'.repeat(PIECE_BYTES / 2)
  for (const name of ['a', 'b', 'c']) outbox.push(durable(name + half))
  outbox.push(update('k', 'old'))
  socket.read()
  socket.drain()
  t.strictSame(socket.read().map((text) => text[0]), ['a'], 'two would be more than a piece')
  outbox.push(update('k', 'new'))
  socket.drain()
  t.strictSame(socket.read().map((text) => text[0]), ['b'])
  t.equal(calls.idle, 0)
  socket.drain()
  t.strictSame(socket.read().map((text) => text.slice(0, 3)), ['cxx', 'new'])
  socket.drain()
  t.equal(calls.idle, 1)
  t.equal(outbox.stalled, false)
})

t.test('updates of one key never pass the limit, however many they are', async (t) => {
  const { outbox, calls } = openStalled({ maxBufferedBytes: 100 })
  for (let i = 0; i < 1000; i++) outbox.push(update('k', `state ${i}`))
  outbox.flush()
  t.equal(calls.overflow, 0)
})

t.test('durable frames past the limit overflow once the tick ends, and nothing more is kept', async (t) => {
  const { socket, outbox, calls } = openStalled({ maxBufferedBytes: 7 + 2 * 12 })
  t.equal(outbox.push(durable('0123456789')), false)
  t.equal(outbox.push(durable('0123456789')), false, 'exactly the limit')
  t.equal(outbox.push(durable('x')), true, 'past it: a flush is owed')
  t.equal(calls.overflow, 0, 'a push never calls out')
  t.equal(outbox.push(durable('y')), false)
  outbox.flush()
  t.equal(calls.overflow, 1)
  outbox.end()
  socket.read()
  socket.drain()
  t.strictSame(socket.read(), [])
})

t.test('after its end it sends nothing', async (t) => {
  const { socket, outbox, calls } = open()
  outbox.push(durable('a'))
  outbox.end()
  outbox.flush()
  outbox.push(durable('b'))
  outbox.flush()
  t.strictSame(socket.writes, [])
  t.equal(calls.idle, 0)
})

t.test('bytes that a stalled socket keeps are not overwritten by what other sockets get', async (t) => {
  const kept: Uint8Array[] = []
  const slow = new FakeSocket()
  slow.write = (bytes) => {
    kept.push(bytes)
    slow.buffered += bytes.length
  }
  const { outbox: fast } = open()
  const outbox = new Outbox(slow, { maxBufferedBytes: 1_000_000, now: 0, onOverflow () {}, onIdle () {} })
  for (const text of ['keep', 'this']) outbox.push(durable(text))
  outbox.flush()
  const before = Buffer.from(kept[0])
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 4; j++) fast.push(durable('z'.repeat(20_000)))
    fast.flush()
  }
  t.ok(before.equals(kept[0]))
})
