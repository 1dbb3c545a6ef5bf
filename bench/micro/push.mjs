import { keysOf, minutes } from '../minutes.mjs'
import { built } from './built.mjs'

const { systemClock } = await built('clock')
const { createLocalLog } = await built('log/local')
const { utcCalendar } = await built('market/calendar')
const { createLadder } = await built('market/ladder')
const { DEFAULTS } = await built('options')
const { Hub } = await built('push/hub')
const { Intake } = await built('push/intake')
const { Meter } = await built('push/meter')
const { createMemoryStore } = await built('store/memory')

const CLIENTS = 1000
const shape = { symbols: 500, keys: 50, periods: ['1m'] }

/** Sockets that take everything at once: what is left is ours. */
export async function push (bench) {
  const hub = startHub()
  let round = 0
  let next = minutes(round++, shape.symbols)
  for (let i = 0; i < CLIENTS; i++) subscribe(hub.connect(wideOpen()), i)
  bench.add('push: 500 minutes to 1,000 clients with 50 keys each', async () => { await hub.ingest(next) }, { beforeEach () { next = minutes(round++, shape.symbols) } })

  const silent = startHub()
  let silentRound = 0
  bench.add('push: 500 minutes to nobody', async () => { await silent.ingest(next) }, { beforeEach () { next = minutes(silentRound++, shape.symbols) } })

  let visitor = 0
  bench.add('registry: a client comes, takes 50 keys and leaves, among 1,000', () => {
    const connection = hub.connect(wideOpen())
    subscribe(connection, visitor++)
    connection.end()
  })
}

function startHub () {
  const store = createMemoryStore(createLadder(utcCalendar, ['1m']), { bars: 1000 })
  const meter = new Meter()
  return new Hub({ ...DEFAULTS, store, openDoor: (onEvents) => new Intake({ log: createLocalLog(), store, clock: systemClock, logger: console, meter, onEvents }), clock: systemClock, logger: console, meter, limits: DEFAULTS, closeGraceMs: 'off' })
}

function subscribe (connection, index) {
  connection.receive(Buffer.from(JSON.stringify({ op: 'subscribe', args: keysOf(index, shape) })), { binary: false })
}

function wideOpen () {
  return { buffered: 0, write () {}, whenDrained () {}, ping () {}, close () {}, terminate () {} }
}
