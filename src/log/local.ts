import { KlineError } from '../errors.ts'
import type { Entry } from '../store/entry.ts'
import type { Batch, Log } from './log.ts'

/** The log of a single process: a queue. What waits while a commit is under way is handed out as one, and so shares the next. */
export function createLocalLog (): Log {
  let waiting: Batch[] = []
  let nextId = 0
  let closed = false
  let wake = (): void => {}

  return {
    append (entries: readonly Entry[]) {
      if (closed) throw new KlineError('KLP_ERR_CLOSED', 'The server is going down and takes no more bars')
      const id = nextId++
      waiting.push({ id, entries })
      wake()
      return id
    },

    async * tail () {
      for (;;) {
        if (waiting.length > 0) {
          const batches = waiting
          waiting = []
          yield batches
        } else if (closed) {
          return
        } else {
          await new Promise<void>((resolve) => { wake = resolve })
        }
      }
    },

    close () {
      closed = true
      wake()
    },
  }
}
