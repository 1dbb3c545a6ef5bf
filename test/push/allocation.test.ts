import t from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { PERIODS } from '../../src/market/period.ts'
import { Broadcaster } from '../../src/push/broadcaster.ts'
import { Meter } from '../../src/push/meter.ts'
import { Outbox } from '../../src/push/outbox.ts'
import { Registry } from '../../src/push/registry.ts'
import type { Socket } from '../../src/push/socket.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { FakeClock } from '../fixture/clock.ts'
import { minute } from '../fixture/minutes.ts'

const SYMBOLS = Array.from({ length: 100 }, (_, i) => `S${i}`)
const KEYS = 50
const TICKS = 60
/** Of V8 on 64 bits: nothing on the heap takes less than two words. */
const SMALLEST_OBJECT = 16

const nowhere: Socket = {
  deflates: false,
  buffered: 0,
  write () {},
  whenDrained () {},
  ping () {},
  close () {},
  terminate () {},
}

/** Bytes that a tick puts on the heap; the median, because some ticks are cut short by a collection. */
async function bytesPerTick (connections: number): Promise<number> {
  const registry = new Registry()
  const clock = new FakeClock()
  const store = createMemoryStore(createLadder(utcCalendar, PERIODS), { bars: 100 })
  const meter = new Meter()
  const broadcaster = new Broadcaster({ registry, clock, epoch: 'e', meter, onListenerError () {} })
  for (let i = 0; i < connections; i++) {
    const outbox = new Outbox(nowhere, { onOverflow () {}, onIdle () {} }, { maxBufferedBytes: 1e6, meter, now: 0 })
    for (let k = 0; k < KEYS; k++) registry.join(`${SYMBOLS[(i + 2 * k) % SYMBOLS.length]}.1m`, outbox, { seq: 0, closedOnly: false, watermarks: false })
  }
  const grown: number[] = []
  for (let tick = 0; tick < TICKS; tick++) {
    for await (const { events } of store.apply(SYMBOLS.map((symbol) => minute(tick * 60_000, { symbol })))) {
      const before = process.memoryUsage().heapUsed
      broadcaster.send(events)
      grown.push(process.memoryUsage().heapUsed - before)
    }
  }
  return grown.slice(TICKS / 2).sort((a, b) => a - b)[TICKS / 4]
}

t.test('what a delivery costs leaves nothing behind on the heap', async (t) => {
  const few = await bytesPerTick(10)
  const many = await bytesPerTick(510)
  const each = (many - few) / (500 * KEYS)
  t.ok(each < SMALLEST_OBJECT / 2, `${each.toFixed(2)} bytes for each of ${500 * KEYS} deliveries`)
})
