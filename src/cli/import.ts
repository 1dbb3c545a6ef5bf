import { pack } from './batches.ts'
import { pauseUntil } from './pause.ts'
import { Sender, type SendOptions, type Totals } from './sender.ts'

const BATCH = 5000

export type ImportOptions = Omit<SendOptions, 'pause'> & Partial<Pick<SendOptions, 'pause'>>

/** Fills a server's store with a file of old minutes, of which it pushes none. */
export async function importFile ({ pause = pauseUntil, ...options }: ImportOptions): Promise<Totals> {
  const sender = new Sender({ ...options, pause }, '/imports')
  return await sender.run(async (rows) => {
    // While one batch is on its way the next is read; what fails is heard of at the next turn.
    let sending = Promise.resolve()
    for await (const batch of pack(rows, BATCH)) {
      await sending
      sending = sender.send(batch)
      sending.catch(() => {})
    }
    await sending
  })
}
