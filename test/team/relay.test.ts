import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { KlineError } from '../../src/errors.ts'
import type { Door } from '../../src/push/intake.ts'
import { Meter } from '../../src/push/meter.ts'
import type { Entry } from '../../src/store/entry.ts'
import type { Applied, Result } from '../../src/store/store.ts'
import { Host } from '../../src/team/host.ts'
import { Relay } from '../../src/team/relay.ts'
import { FakeClock } from '../fixture/clock.ts'
import { run } from '../fixture/minutes.ts'

/** UTC milliseconds; when the owner commits. */
const NOW = 1_767_596_400_000

interface Call { readonly entries: readonly Entry[], readonly resolve: (results: readonly Result[]) => void, readonly reject: (err: unknown) => void }

/** An owner whose door the test answers at, and a follower whose store the test fills, with a real socket between them. */
async function start (t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'team-')) // a socket's path has to be short
  t.teardown(() => { rmSync(directory, { recursive: true }) })
  const path = join(directory, 'owner')
  const calls: Call[] = []
  let called = (): void => {}
  const door: Door = {
    append: async (entries) => await new Promise((resolve, reject) => {
      calls.push({ entries, resolve, reject })
      called()
    }),
    async close () {},
  }
  const host = new Host()
  let ended = (): void => {}
  const server = createServer((socket) => {
    socket.once('close', () => { ended() })
    host.accept(socket)
  })
  t.teardown(() => { server.close() })
  const journal: Applied[] = []
  const told: unknown[] = []
  const lost: unknown[] = []
  const clock = new FakeClock()
  const written: number[] = []
  const nowhere = { observe () {} }
  const meter = new Meter({ minuteToAccepted: nowhere, acceptedToWritten: { observe (seconds) { written.push(seconds) } }, commit: nowhere, ingest: nowhere })
  let sockets = 0
  let opened = (): void => {}
  let caughtUp = (): void => {}
  const store = {
    broken: undefined as Error | undefined,
    readUpTo: 0,
    loads: 0,
    load () { store.loads++ },
    async connectToOwner (): Promise<Socket> {
      const socket = connect(path)
      sockets++
      opened()
      await once(socket, 'connect')
      return socket
    },
    async * catchUp () {
      if (store.broken !== undefined) throw store.broken
      yield * journal.splice(0)
      caughtUp()
    },
  }
  return {
    path,
    host,
    door,
    calls,
    journal,
    told,
    lost,
    clock,
    meter,
    written,
    store,
    get sockets () { return sockets },
    async listen () {
      server.listen(path)
      await once(server, 'listening')
    },
    relay: () => new Relay({ store, clock, meter, onEvents: (events) => { told.push(...events); meter.events += events.length }, onLost: (err) => { lost.push(err) } }),
    async called () { if (calls.length === 0) await new Promise<void>((resolve) => { called = resolve }) },
    async opened () { await new Promise<void>((resolve) => { opened = resolve }) },
    async ended () { await new Promise<void>((resolve) => { ended = resolve }) },
    async caughtUp () { await new Promise<void>((resolve) => { caughtUp = resolve }) },
  }
}

/** Connected, and caught up once. */
async function startConnected (t: Test) {
  const parts = await start(t)
  parts.host.open(parts.door)
  await parts.listen()
  const caughtUp = parts.caughtUp()
  const relay = parts.relay()
  await caughtUp
  return { ...parts, relay }
}

async function until (holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000 && !holds(); turns++) await new Promise((resolve) => { setImmediate(resolve) })
}

function told (time: number): Applied {
  return { results: [], events: [{ type: 'watermark', time, symbol: undefined }] }
}

t.test('what a follower is given goes to the owner, and is answered once it is pushed here too', async (t) => {
  const { host, relay, calls, called, journal, told: heard } = await startConnected(t)
  const entries: Entry[] = [...run(2), { kind: 'watermark', time: 60_000 }]
  const answer = relay.append(entries)
  await called()
  t.strictSame(calls[0].entries, entries)
  journal.push(told(60_000), told(120_000))
  host.announce(NOW)
  calls[0].resolve(['accepted', 'duplicate', { closed: 3 }])
  t.strictSame(await answer, ['accepted', 'duplicate', { closed: 3 }])
  t.match(heard, [{ time: 60_000 }, { time: 120_000 }])
  await relay.close()
  await t.rejects(relay.append(entries), { code: 'KLP_ERR_CLOSED' })
})

t.test('what is pushed here counts from when the owner had it on disk', async (t) => {
  const { host, relay, clock, journal, written, caughtUp } = await startConnected(t)
  t.strictSame(written, [], 'not what was there before')
  clock.advance(30)
  for (const applied of [told(60_000), { results: [], events: [] }]) {
    const more = caughtUp()
    journal.push(applied)
    host.announce(NOW)
    await more
  }
  await relay.close()
  t.strictSame(written, [0.03], 'and nothing where nobody listened')
})

t.test('what the owner refuses is refused here with its code and message', async (t) => {
  const { relay, calls, called } = await startConnected(t)
  const answer = relay.append(run(1))
  await called()
  calls[0].reject(new KlineError('KLP_ERR_TOO_OLD', 'bar 0: too old'))
  await t.rejects(answer, { name: 'KlineError', code: 'KLP_ERR_TOO_OLD', message: 'bar 0: too old' })
  await relay.close()
})

t.test('an owner that is not there, or goes, costs what was under way; a new one is found', async (t) => {
  const parts = await start(t)
  const { clock, host, door, calls } = parts
  let opened = parts.opened()
  const relay = parts.relay()
  await opened
  await t.rejects(relay.append(run(1)), { code: 'KLP_ERR_NOT_STORED' })
  await until(() => clock.timers > 0)
  await parts.listen()
  opened = parts.opened()
  clock.advance(100)
  await opened // the host is not open yet and ends it
  await until(() => clock.timers > 0)
  host.open(door)
  const caughtUp = parts.caughtUp()
  clock.advance(100)
  await caughtUp
  const answer = relay.append(run(1))
  await parts.called()
  host.close()
  await t.rejects(answer, { code: 'KLP_ERR_NOT_STORED' })
  calls[0].resolve(['accepted']) // to nobody
  await until(() => clock.timers > 0)
  await relay.close()
  t.equal(clock.timers, 0, 'and then no more is tried')
  t.equal(parts.sockets, 3)
})

t.test('closing waits for what is under way', async (t) => {
  const { relay, calls, called } = await startConnected(t)
  const answer = relay.append(run(1))
  await called()
  const closed = relay.close()
  calls[0].resolve(['accepted'])
  t.strictSame(await answer, ['accepted'])
  await closed
})

t.test('one that is closed while it connects lets go', async (t) => {
  const parts = await start(t)
  parts.host.open(parts.door)
  await parts.listen()
  const opened = parts.opened()
  const relay = parts.relay()
  await opened
  const ended = parts.ended()
  await relay.close()
  await ended
  t.equal(parts.clock.timers, 0)
})

t.test('a store that can not follow any more is said to be lost', async (t) => {
  const { host, relay, store, lost, told: heard } = await startConnected(t)
  store.broken = new Error('behind')
  host.announce(NOW)
  host.announce(NOW)
  await until(() => lost.length > 0)
  await relay.close()
  t.match(lost, [{ message: 'behind' }])
  t.strictSame(heard, [])
})

t.test('a peer that dies in the middle of a line, or is not one of us, costs its line and nothing else', async (t) => {
  const { path, ended, host, relay, calls, called } = await startConnected(t)
  for (const line of ['{"type":"append","id":0,"entr', 'null\n', '{"type":"append","id":1}\n']) {
    const socket = connect(path)
    await once(socket, 'data')
    const gone = ended()
    socket.write(line)
    if (!line.endsWith('\n')) socket.end()
    await gone
    socket.destroy()
  }
  host.announce(NOW)
  const answer = relay.append(run(1))
  await called()
  t.equal(calls.length, 1)
  calls[0].resolve(['accepted'])
  t.strictSame(await answer, ['accepted'])
  await relay.close()
})

t.test('the journal is kept from where followers have read it, but for none that is much too far behind', async (t) => {
  const { path, host, relay, store, ended, caughtUp } = await startConnected(t)
  t.equal(store.loads, 1)
  await until(() => host.dropTo(100) === 0) // it has read nothing
  store.readUpTo = 40
  const more = caughtUp()
  host.announce(NOW)
  await more
  await until(() => host.dropTo(100) === 40)
  t.equal(host.dropTo(100), 40)
  t.equal(host.dropTo(30), 30)
  const silent = connect(path)
  await once(silent, 'data')
  t.equal(host.dropTo(100), 0, 'a follower that has not said yet')
  silent.destroy()
  await ended()
  t.equal(host.dropTo(400_040), 40)
  const gone = ended()
  t.equal(host.dropTo(400_041), 400_041)
  await gone
  t.equal(host.dropTo(100), 100)
  await relay.close()
})

t.test('who comes after the end is not let in', async (t) => {
  const { path, host, relay } = await startConnected(t)
  await relay.close()
  host.close()
  const socket = connect(path)
  socket.resume()
  await once(socket, 'close')
  t.equal(socket.bytesRead, 0)
})
