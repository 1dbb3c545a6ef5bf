import { find } from './dom.ts'
import { readJson, RefusedError } from './server.ts'

/** Whose token it is. */
export type Role = 'subscriber' | 'operator'

const TITLES: Readonly<Record<Role, string>> = { subscriber: 'A token for bars', operator: 'A token for metrics' }
const WHY: Readonly<Record<Role, string>> = {
  subscriber: 'The server wants to know who you are before it shows bars.',
  operator: 'The server shows its numbers to those who have the token for metrics.',
}
const GIVEN = 'go'

/** There is one dialog: who asks meanwhile waits. */
let last: Promise<unknown> = Promise.resolve()

/** The token that was given here before; it is kept as long as this tab. */
export function keptToken (role: Role): string | undefined {
  return sessionStorage.getItem(nameOf(role)) ?? undefined
}

/** Asks for a token; false: they would rather not give one. `problem` is what was wrong with the last. */
export async function askToken (role: Role, problem?: string): Promise<boolean> {
  const answer = last.then(async () => await ask(role, problem))
  last = answer
  return await answer
}

/** Reads something with the token that is kept, and asks for one as long as the server wants another. @throws RefusedError */
export async function readSignedIn<Answer> (path: string, role: Role): Promise<Answer> {
  for (;;) {
    const token = keptToken(role)
    try {
      return await readJson(path, token)
    } catch (err) {
      const isRefused = err instanceof RefusedError && err.status === 401
      if (!isRefused || !await askToken(role, token === undefined ? undefined : err.message)) throw err
    }
  }
}

async function ask (role: Role, problem = WHY[role]): Promise<boolean> {
  const dialog = find('sign-in', HTMLDialogElement)
  const input = find('token', HTMLInputElement)
  find('sign-in-title', HTMLElement).textContent = TITLES[role]
  find('sign-in-why', HTMLElement).textContent = problem
  input.value = ''
  dialog.returnValue = ''
  dialog.showModal()
  await new Promise((resolve) => { dialog.addEventListener('close', resolve, { once: true }) })
  const token = input.value
  input.value = ''
  if (dialog.returnValue !== GIVEN) return false // closed by Escape, or by the other button
  sessionStorage.setItem(nameOf(role), token)
  return true
}

function nameOf (role: Role): string {
  return `kline-push ${role}`
}
