import { find, write } from './dom.ts'
import { RefusedError } from './server.ts'

const AGAIN_MS = 2000

/** Tries until it works, and says meanwhile why it does not. Of whoever would rather not sign in nothing more is asked. */
export async function patiently<Result> (attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt()
    } catch (err) {
      const state = find('state', HTMLElement)
      if (err instanceof RefusedError && err.status === 401) {
        write(state, 'The server shows bars to those who have a token; reload the page to give one')
        return await new Promise(() => {})
      }
      write(state, `${(err as Error).message}, next try in ${AGAIN_MS / 1000} s`)
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS) })
    }
  }
}
