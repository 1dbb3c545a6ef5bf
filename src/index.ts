import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import hub from '../plugins/hub.ts'
import { assemble } from './assemble.ts'
import type { KlinePushOptions as Options } from './options.ts'

export type KlinePushOptions = Options<FastifyRequest>

/** Decorates `app.klineHub`; adds POST /bars, POST /imports, POST /watermarks, GET /klines, GET /symbols, GET /health and the WebSocket /ws; with `docs` GET /docs, /docs/json and /docs/asyncapi.json; with `metrics` GET /metrics; with `page` a page at /. */
async function registerKlinePush (app: FastifyInstance, options: KlinePushOptions): Promise<void> {
  await assemble(app, hub, options)
}

export const klinePush = fp(registerKlinePush, { fastify: '5.x', name: 'kline-push' })
export default klinePush

export type { Counts, Health, Hub } from '../plugins/hub.ts'
export type { Guard, Identity } from './push/identity.ts'
export { CLOSE_CODES, type ErrorCode, ERRORS, FRAME_CODES, type FrameCode, KlineError } from './errors.ts'
export { type Bar, BarSchema, type MinuteBar, MinuteBarSchema } from './market/bar.ts'
export { type Calendar, utcCalendar } from './market/calendar.ts'
export type { RetainDays } from './market/ladder.ts'
export { type Period, PERIODS } from './market/period.ts'
export type { BarFrame } from './wire/frames.ts'
export type { KlineQuery } from './wire/query.ts'
export type { WatermarkInput } from './wire/watermark.ts'
export type { Klines, SymbolInfo } from './store/store.ts'
