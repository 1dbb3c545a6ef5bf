import { find } from './dom.ts'
import { readJson, RefusedError } from './server.ts'

/** Whose token it is. */
export type Role = 'subscriber' | 'operator'

const WHY: Readonly<Record<Role, string>> = {
  subscriber: 'The server wants to know who you are before it shows bars.',
  operator: 'The server shows its numbers to those who have the token for metrics.',
}

/** The token that was given here before; it is kept as long as this tab. */
export function keptToken (role: Role): string | undefined {
  return sessionStorage.getItem(nameOf(role)) ?? undefined
}

export function forgetToken (role: Role): void {
  sessionStorage.removeItem(nameOf(role))
}

/** Asks for a token until there is one; `problem` is what the server said to the last. */
export async function askToken (role: Role, problem?: string): Promise<void> {
  const dialog = find('sign-in', HTMLDialogElement)
  const input = find('token', HTMLInputElement)
  find('sign-in-why', HTMLElement).textContent = problem ?? WHY[role]
  input.value = ''
  while (input.value.trim() === '') {
    dialog.showModal()
    await new Promise((resolve) => { dialog.addEventListener('close', resolve, { once: true }) })
  }
  sessionStorage.setItem(nameOf(role), input.value.trim())
}

/** Reads something with the token that is kept, and asks for one as long as the server wants another. */
export async function readSignedIn<Answer> (path: string, role: Role): Promise<Answer> {
  for (;;) {
    const token = keptToken(role)
    try {
      return await readJson(path, token)
    } catch (err) {
      if (!(err instanceof RefusedError) || err.status !== 401) throw err
      await askToken(role, token === undefined ? undefined : err.message)
    }
  }
}

function nameOf (role: Role): string {
  return `kline-push ${role}`
}
