import t from 'tap'
import { Meter } from '../../src/push/meter.ts'
import { Outbox, PIECE_BYTES } from '../../src/push/outbox.ts'
import { Sheet } from '../../src/push/sheet.ts'
import { frameText } from '../../src/wire/frame.ts'
import { FakeSocket } from '../fixture/socket.ts'

interface Message { text: string, key?: string }

function durable (text: string): Message {
  return { text }
}

function update (key: string, text: string): Message {
  return { text, key }
}

/** An outbox with a sheet of its own. */
class Ticker {
  readonly outbox: Outbox
  readonly #sheet: Sheet

  constructor (outbox: Outbox, sheet = new Sheet()) {
    this.outbox = outbox
    this.#sheet = sheet
  }

  push ({ text, key }: Message): boolean {
    return this.outbox.push(this.#sheet, this.#sheet.add(text, key))
  }

  flush (): void {
    this.#sheet.clear({ kept: this.outbox.flush(this.#sheet) })
  }

  get stalled (): boolean {
    return this.outbox.stalled
  }

  end (): void {
    this.outbox.end()
  }
}

function open ({ maxBufferedBytes = 1_000_000 } = {}) {
  const socket = new FakeSocket()
  const calls = { overflow: 0, idle: 0 }
  const meter = new Meter()
  const outbox = new Ticker(new Outbox(socket, {
    onOverflow () { calls.overflow++ },
    onIdle () { calls.idle++ },
  }, { maxBufferedBytes, meter, now: 0 }))
  return { socket, outbox, calls, meter }
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

t.test('frames of one connection alone go out at once, and wait in order with the others while the socket is stalled', async (t) => {
  const { socket, outbox: { outbox } } = open()
  outbox.send([frameText('a'), frameText('ü')])
  t.strictSame(socket.writes, [['a', 'ü']])
  outbox.send([])
  t.equal(socket.writes.length, 1)
  const { socket: slow, outbox: ticker, calls } = openStalled({ maxBufferedBytes: 60 })
  slow.read()
  ticker.push(durable('bar'))
  ticker.outbox.send([frameText('answer')])
  t.equal(calls.overflow, 0)
  ticker.outbox.send([frameText('x'.repeat(60))])
  t.equal(calls.overflow, 1, 'and they count against the limit')
  slow.stuck = false
  slow.drain()
  t.strictSame(slow.read().slice(0, 2), ['bar', 'answer'])
})

t.test('of a shared sheet each connection gets its own places in one write, neighbours and others alike', async (t) => {
  const sheet = new Sheet()
  const both = [open(), open(), open()]
  const wanted = [[0, 1, 2, 3], [0, 2, 3, 5], [4]]
  for (let place = 0; place < 6; place++) {
    sheet.add(`frame ${place}`, undefined)
    both.forEach(({ outbox: { outbox } }, i) => { if (wanted[i].includes(place)) outbox.push(sheet, place) })
  }
  both.forEach(({ outbox: { outbox }, socket }, i) => {
    outbox.flush(sheet)
    t.strictSame(socket.writes, [wanted[i].map((place) => `frame ${place}`)])
  })
})

t.test('bytes that a stalled socket keeps are not overwritten by what other sockets get', async (t) => {
  for (const wanted of [[0, 1], [0, 2]]) {
    const sheet = new Sheet()
    const kept: Uint8Array[] = []
    const slow = new FakeSocket()
    slow.write = (bytes) => {
      kept.push(bytes)
      slow.buffered += bytes.length
    }
    const outbox = new Outbox(slow, { onOverflow () {}, onIdle () {} }, { maxBufferedBytes: 1_000_000, meter: new Meter(), now: 0 })
    for (const text of ['keep', 'not', 'this']) sheet.add(text, undefined)
    for (const place of wanted) outbox.push(sheet, place)
    const keptSheet = outbox.flush(sheet)
    t.equal(keptSheet, true)
    sheet.clear({ kept: keptSheet })
    const before = Buffer.from(kept[0])
    const fast = new Ticker(open().outbox.outbox, sheet)
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 4; j++) fast.push(durable('z'.repeat(20_000)))
      sheet.add('nobody wants this', undefined)
      fast.push(durable('z'))
      fast.flush()
    }
    t.ok(before.equals(kept[0]))
  }
})
