import { CountsSchema } from '../src/market/counts.ts'
import { MinutesSchema } from '../src/wire/minutes.ts'
import { type Documentation, documented } from './documented.ts'

/** What documents say of a route that takes minutes. */
export function aboutMinutes (own: Pick<Documentation, 'operationId' | 'summary'>) {
  return documented({
    ...own,
    tags: ['producers'],
    body: MinutesSchema,
    answers: { 200: CountsSchema },
    errors: ['KLP_ERR_BAR', 'KLP_ERR_BATCH', 'KLP_ERR_TOO_OLD', 'KLP_ERR_TOO_MANY_SYMBOLS', 'KLP_ERR_NOT_STORED', 'KLP_ERR_CLOSED'],
    token: 'producer',
  })
}
