import { createRequire } from 'node:module'
import { built } from './built.mjs'

const { Receiver } = createRequire(import.meta.url)('ws')
const { frameText } = await built('wire/frame')
const { packFrames } = await built('wire/pack')

const BARS = 50

/** What a client spends on a tick's bars: as many messages, or one batch. */
export async function client (bench) {
  const frames = Array.from({ length: BARS }, (_, i) => frameText(`{"type":"bar","key":"rb${i}.1m","seq":1045,"ts":1767596400123,"bar":{"time":1767596340000,"open":3105,"high":3107.5,"low":3104,"close":3106.25,"volume":812,"closed":true,"revision":0}}`))
  for (const batches of [false, true]) {
    const bytes = Buffer.concat(packFrames(frames, { batches, deflates: false }))
    const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true })
    let bars = 0
    let settle = () => {}
    receiver.on('message', (data) => {
      const message = JSON.parse(data)
      bars += message.type === 'batch' ? message.frames.length : 1
      if (bars % BARS === 0) settle()
    })
    bench.add(`client: ${BARS} bars ${batches ? 'in a batch' : 'in frames of their own'}`, async () => {
      const all = new Promise((resolve) => { settle = resolve })
      receiver.write(bytes)
      await all
    })
  }
}
