import { type Static, Type } from '@sinclair/typebox'

const count = Type.Integer({ minimum: 0 })

/** How many minutes were new, the same again, or a correction. */
export const CountsSchema = Type.Object({ accepted: count, duplicates: count, revised: count }, {
  $id: 'kline-push/counts',
  additionalProperties: false,
  description: 'How many minutes were new, the same again, or a correction',
  examples: [{ accepted: 1, duplicates: 0, revised: 0 }],
})

export type Counts = Static<typeof CountsSchema>

/** Adds more to what was counted before. */
export function addCounts (counts: Counts, { accepted, duplicates, revised }: Counts): void {
  counts.accepted += accepted
  counts.duplicates += duplicates
  counts.revised += revised
}
