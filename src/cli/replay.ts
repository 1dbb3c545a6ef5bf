import { MINUTE } from '../market/period.ts'
import { groupMinutes, packMinutes } from './batches.ts'
import { pauseUntil } from './pause.ts'
import { Sender, type SendOptions, type Totals } from './sender.ts'

const BATCH = 500

export interface ReplayOptions extends Omit<SendOptions, 'pause'>, Partial<Pick<SendOptions, 'pause'>> {
  /** Minutes of market time per second; 0: as fast as the server takes them. */
  readonly speed: number
}

/** Sends a file of minutes to a server in the order of the file, which pushes them. */
export async function replay ({ speed, pause = pauseUntil, ...options }: ReplayOptions): Promise<Totals> {
  const sender = new Sender({ ...options, pause }, '/bars')
  return await sender.run(async (rows) => {
    if (speed === 0) {
      for await (const batch of packMinutes(rows, BATCH)) await sender.send(batch)
      return
    }
    // Due times count from the first minute, so that slow requests don't add up.
    let origin: { now: number, time: number } | undefined
    for await (const batch of groupMinutes(rows)) {
      const { time } = batch[0].minute
      origin ??= { now: performance.now(), time }
      await pause(origin.now + (time - origin.time) / MINUTE / speed * 1000, options.signal)
      await sender.send(batch)
    }
  })
}
