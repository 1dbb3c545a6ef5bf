import { find, write } from './dom.ts'

const AGAIN_MS = 2000

/** Tries until it works, and says meanwhile why it does not. */
export async function patiently<Result> (attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt()
    } catch (err) {
      write(find('state', HTMLElement), `${(err as Error).message}, next try in ${AGAIN_MS / 1000} s`)
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS) })
    }
  }
}
