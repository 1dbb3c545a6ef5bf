/** What `page.json` says. */
export interface PageSettings {
  readonly periods: readonly string[]
  /** How many bars the server gives at once. */
  readonly maxHistory: number
  /** Whether there are numbers for operators. */
  readonly metrics: boolean
}

/** The server has an answer, which is no. */
export class RefusedError extends Error {
  readonly status: number

  constructor (status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Reads what is at a path beside the page. @throws RefusedError; TypeError if there is no server */
export async function readJson<Answer> (path: string, token?: string): Promise<Answer> {
  const response = await fetch(path, { headers: { accept: 'application/json', ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }) } })
  const answer = await response.json().catch(() => ({})) as Answer & { message?: string }
  if (!response.ok) throw new RefusedError(response.status, answer.message ?? `${path} answered ${response.status}`)
  return answer
}
