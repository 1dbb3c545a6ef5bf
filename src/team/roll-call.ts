import type { Clock } from '../clock.ts'

/** How long the others have to answer. */
const PATIENCE_MS = 2000

/** What workers and their supervisor say to each other, so that one worker hears of all. */
export type CallMessage =
  /** worker -> supervisor: wants to hear of all. */
  | { readonly type: 'kline-push/call', readonly call: number }
  /** supervisor -> that worker: so many others have been asked. */
  | { readonly type: 'kline-push/asked', readonly call: number, readonly others: number }
  /** supervisor -> another worker. */
  | { readonly type: 'kline-push/ask', readonly call: number, readonly caller: number }
  /** that worker -> supervisor -> the one that wants to hear. */
  | { readonly type: 'kline-push/answer', readonly call: number, readonly caller: number, readonly answer: unknown }

/** What a worker hears. */
type Heard = Exclude<CallMessage, { type: 'kline-push/call' }>

/** A worker, as its supervisor sees it. */
export interface Member {
  readonly id: number
  isConnected (): boolean
  send (message: Heard, sent: () => void): unknown
}

/** The supervisor's part: passes on what a worker says. Who is gone hears nothing. */
export function passOn (message: CallMessage, { from, members }: { from: Member, members: readonly Member[] }): void {
  const tell = (member: Member | undefined, told: Heard): void => { member?.send(told, () => {}) } // it may go meanwhile
  if (message.type === 'kline-push/call') {
    const { call } = message
    const others = members.filter((member) => member !== from && member.isConnected())
    for (const other of others) tell(other, { type: 'kline-push/ask', call, caller: from.id })
    tell(from, { type: 'kline-push/asked', call, others: others.length })
  } else if (message.type === 'kline-push/answer') {
    tell(members.find(({ id }) => id === message.caller), message)
  }
}

/** A worker's line to its supervisor. */
export interface SupervisorLine {
  send (message: CallMessage): void
  /** Has `hear` called with whatever the supervisor says. */
  listen (hear: (message: Heard) => void): void
}

export interface RollCallOptions {
  readonly line: SupervisorLine
  readonly clock: Clock
  /** What this worker has to say, which has to be JSON. */
  readonly answer: () => Promise<unknown>
}

interface Call { others: number, readonly answers: unknown[], readonly settle: () => void }

/** A worker's part: asks all others of its team, and answers them. */
export class RollCall {
  readonly #options: RollCallOptions
  readonly #calls = new Map<number, Call>()
  #next = 0

  constructor (options: RollCallOptions) {
    this.#options = options
    options.line.listen((message) => { this.#hear(message) })
  }

  /** What the others have to say, and how many of them did not in time; a supervisor that says nothing is one. */
  async call (): Promise<{ answers: readonly unknown[], silent: number }> {
    const { line, clock } = this.#options
    const id = this.#next++
    return await new Promise((resolve) => {
      const settle = (): void => {
        stop()
        this.#calls.delete(id)
        resolve({ answers: call.answers, silent: call.others - call.answers.length })
      }
      const call: Call = { others: 1, answers: [], settle }
      const stop = clock.after(PATIENCE_MS, settle)
      this.#calls.set(id, call)
      line.send({ type: 'kline-push/call', call: id })
    })
  }

  #hear (message: Heard): void {
    if (message.type === 'kline-push/ask') {
      const { call, caller } = message
      this.#options.answer().then((answer) => {
        this.#options.line.send({ type: 'kline-push/answer', call, caller, answer })
      }, () => {}) // who can't say anything is silent
      return
    }
    const call = this.#calls.get(message.call)
    if (call === undefined) return // too late, or not one of these messages
    if (message.type === 'kline-push/asked') call.others = message.others
    else call.answers.push(message.answer)
    if (call.answers.length === call.others) call.settle()
  }
}
