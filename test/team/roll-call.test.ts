import t from 'tap'
import { type CallMessage, type Member, passOn, RollCall, type SupervisorLine } from '../../src/team/roll-call.ts'
import { FakeClock } from '../fixture/clock.ts'

/** A worker whose line to the supervisor takes a turn of the event loop, as a real one does. */
class Worker implements Member {
  readonly id: number
  readonly clock = new FakeClock()
  readonly call: RollCall
  connected = true
  #hear: Parameters<SupervisorLine['listen']>[0] = () => {}

  constructor (team: Worker[], answer: () => Promise<unknown>) {
    this.id = team.push(this)
    this.call = new RollCall({
      line: {
        send: (message) => { setImmediate(passOn, message, { from: this, members: team }) },
        listen: (hear) => { this.#hear = hear },
      },
      clock: this.clock,
      answer,
    })
  }

  isConnected (): boolean {
    return this.connected
  }

  send (message: Parameters<Member['send']>[0], sent: () => void): void {
    setImmediate(() => {
      this.#hear(message)
      sent()
    })
  }
}

const never = async (): Promise<never> => await new Promise(() => {})

async function turns (): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

t.test('a worker hears of all others, and two calls at a time do not mix', async (t) => {
  const team: Worker[] = []
  const [a, b] = ['a', 'b', 'c'].map((name) => new Worker(team, async () => name))
  const calls = await Promise.all([a.call.call(), b.call.call(), a.call.call()])
  t.strictSame(calls, [{ answers: ['b', 'c'], silent: 0 }, { answers: ['a', 'c'], silent: 0 }, { answers: ['b', 'c'], silent: 0 }])
  t.ok(team.every(({ clock }) => clock.timers === 0))
})

t.test('one that does not answer in time, or can not, is said to be silent, and costs no more than the time', async (t) => {
  const team: Worker[] = []
  const caller = new Worker(team, async () => 'caller')
  let answer = (_said: string): void => {}
  const late = new Worker(team, async () => await new Promise((resolve) => { answer = resolve }))
  const dead = new Worker(team, never)
  const broken = new Worker(team, async () => { throw new Error('a bug') })
  const called = caller.call.call()
  await turns()
  dead.connected = false
  caller.clock.advance(2000)
  t.strictSame(await called, { answers: [], silent: 3 })
  answer('too late')
  await turns()
  late.connected = broken.connected = false
  t.strictSame(await caller.call.call(), { answers: [], silent: 0 }, 'nobody else is there')
})

t.test('a supervisor that does not answer is one that is silent', async (t) => {
  const clock = new FakeClock()
  const call = new RollCall({ line: { send () {}, listen () {} }, clock, answer: never })
  const called = call.call()
  clock.advance(2000)
  t.strictSame(await called, { answers: [], silent: 1 })
})

t.test('an answer to one that is gone, and what others say to the supervisor, is nobody\'s', async (t) => {
  const team: Worker[] = []
  const from = new Worker(team, never)
  passOn({ type: 'kline-push/answer', call: 0, caller: 7, answer: 1 }, { from, members: team })
  passOn({ type: 'something else' } as unknown as CallMessage, { from, members: team })
  from.send({ type: 'something else' } as unknown as Parameters<Member['send']>[0], () => {})
  await turns()
  t.equal(from.clock.timers, 0)
})
