import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { systemClock } from '../src/clock.ts'
import { createLocalLog } from '../src/log/local.ts'
import { createLadder } from '../src/market/ladder.ts'
import type { CheckedOptions } from '../src/options.ts'
import { Hub, type HubOptions } from '../src/push/hub.ts'
import { Intake } from '../src/push/intake.ts'
import { createLmdbStore } from '../src/store/lmdb.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { Host } from '../src/team/host.ts'
import { meterOf } from './metrics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    klineHub: Hub
  }
}

async function hubPlugin (app: FastifyInstance, options: CheckedOptions): Promise<void> {
  const ladder = createLadder(options.calendar, options.periods, options.retainDays)
  const meter = meterOf(app)
  const host = new Host()
  const store = options.dataDir === undefined
    ? createMemoryStore(ladder, { bars: options.memoryBars, keepEvents: options.keepEvents })
    : await createLmdbStore(ladder, {
      dataDir: options.dataDir,
      keepEvents: options.keepEvents,
      dropTo: (upTo) => host.dropTo(upTo),
      onPeer: (socket) => { host.accept(socket) },
      onBroken: (err) => { setImmediate(() => { throw err }) }, // once those who wait have their answer
      onArchiveError: (err) => { app.log.error({ err }, 'bars could not be moved to the archive') },
    })
  const openDoor: HubOptions['openDoor'] = (onEvents) => {
    const intake = new Intake({ log: createLocalLog(), store, clock: systemClock, logger: app.log, meter, maxSymbols: options.maxSymbols, onEvents, onCommit: (at) => { host.announce(at) } })
    host.open(intake)
    return intake
  }
  addHub(app, new Hub({ ...options, store, openDoor, clock: systemClock, logger: app.log, meter, limits: options, guard: options }))
  app.addHook('preClose', async function endFollowers () { host.close() })
}

/** Decorates the instance with a hub that goes when it does. */
export function addHub (app: FastifyInstance, hub: Hub): void {
  app.decorate('klineHub', hub)
  app.addHook('preClose', async function sayGoodbye () {
    const began = performance.now()
    app.log.info({ connections: hub.health().connections }, 'no more bars are taken, and subscribers are told goodbye')
    await hub.drain()
    app.log.info({ ms: Math.round(performance.now() - began) }, 'all bars that were taken have been pushed')
  })
  app.addHook('onClose', async function closeHub () { await hub.close() })
}

export default fp(hubPlugin, { fastify: '5.x', name: 'kline-push-hub' })

export type { Counts, Health, Hub } from '../src/push/hub.ts'
