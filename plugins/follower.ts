import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { systemClock } from '../src/clock.ts'
import { createLadder } from '../src/market/ladder.ts'
import type { CheckedOptions } from '../src/options.ts'
import { Hub, type HubOptions } from '../src/push/hub.ts'
import { openFollower } from '../src/store/follower.ts'
import { Relay } from '../src/team/relay.ts'
import { addHub } from './hub.ts'
import { meterOf } from './metrics.ts'

/** A hub on a data directory that another process owns. */
async function followerPlugin (app: FastifyInstance, options: CheckedOptions): Promise<void> {
  const { calendar, periods, retainDays, keepEvents } = options
  const store = openFollower(createLadder(calendar, periods, retainDays), { dataDir: options.dataDir as string, keepEvents })
  const meter = meterOf(app)
  let ready = Promise.resolve()
  const openDoor: HubOptions['openDoor'] = (onEvents) => {
    const relay = new Relay({
      store,
      clock: systemClock,
      meter,
      onEvents,
      onLost: (err) => { setImmediate(() => { throw err }) }, // what is pushed here would have a gap: the process goes down
    })
    ready = relay.ready
    return relay
  }
  addHub(app, new Hub({ ...options, closeGraceMs: 'off', store, openDoor, clock: systemClock, logger: app.log, meter, limits: options, guard: options }))
  await ready
}

export default fp(followerPlugin, { fastify: '5.x', name: 'kline-push-hub' })
