import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import hub from '../plugins/hub.ts'
import websocket from '../plugins/websocket.ts'
import bars from '../routes/bars.ts'
import health from '../routes/health.ts'
import imports from '../routes/imports.ts'
import klines from '../routes/klines.ts'
import watermarks from '../routes/watermarks.ts'
import ws from '../routes/ws.ts'
import { checkOptions, type KlinePushOptions } from './options.ts'

/** Decorates `app.klineHub`; adds POST /bars, POST /imports, POST /watermarks, GET /klines, GET /symbols, GET /health and the WebSocket /ws. */
async function registerKlinePush (app: FastifyInstance, options: KlinePushOptions): Promise<void> {
  const checked = checkOptions(options)
  await app.register(hub, checked)
  await app.register(websocket, checked)
  for (const route of [bars, imports, watermarks, klines, health, ws]) await app.register(route, checked)
}

export const klinePush = fp(registerKlinePush, { fastify: '5.x', name: 'kline-push' })
export default klinePush

export type { Counts, Health, Hub } from '../plugins/hub.ts'
export type { KlinePushOptions } from './options.ts'
export { CLOSE_CODES, type ErrorCode, ERRORS, FRAME_CODES, type FrameCode, KlineError } from './errors.ts'
export { type Bar, BarSchema, type MinuteBar, MinuteBarSchema } from './market/bar.ts'
export { type Calendar, utcCalendar } from './market/calendar.ts'
export type { RetainDays } from './market/ladder.ts'
export { type Period, PERIODS } from './market/period.ts'
export type { BarFrame } from './wire/answers.ts'
export type { KlineQuery } from './wire/query.ts'
export type { WatermarkInput } from './wire/watermark.ts'
export type { Klines, SymbolInfo } from './store/store.ts'
