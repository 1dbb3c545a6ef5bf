import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { systemClock } from '../src/clock.ts'
import { createLocalLog } from '../src/log/local.ts'
import { createLadder } from '../src/market/ladder.ts'
import type { CheckedOptions } from '../src/options.ts'
import { Hub } from '../src/push/hub.ts'
import { createLmdbStore } from '../src/store/lmdb.ts'
import { createMemoryStore } from '../src/store/memory.ts'

declare module 'fastify' {
  interface FastifyInstance {
    klineHub: Hub
  }
}

async function hubPlugin (app: FastifyInstance, options: CheckedOptions): Promise<void> {
  const ladder = createLadder(options.calendar, options.periods, options.retainDays)
  const store = options.dataDir === undefined
    ? createMemoryStore(ladder, { bars: options.memoryBars, keepEvents: options.keepEvents })
    : await createLmdbStore(ladder, {
      dataDir: options.dataDir,
      keepEvents: options.keepEvents,
      onArchiveError: (err) => { app.log.error({ err }, 'bars could not be moved to the archive') },
    })
  const hub = new Hub({ ...options, store, log: createLocalLog(), clock: systemClock, logger: app.log, limits: options })
  app.decorate('klineHub', hub)
  app.addHook('preClose', async function sayGoodbye () { await hub.drain() })
  app.addHook('onClose', async function closeHub () { await hub.close() })
}

export default fp(hubPlugin, { fastify: '5.x', name: 'kline-push-hub' })

export type { Counts, Health, Hub } from '../src/push/hub.ts'
