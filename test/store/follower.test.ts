import fc from 'fast-check'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { utcCalendar } from '../../src/market/calendar.ts'
import { createLadder } from '../../src/market/ladder.ts'
import { MINUTE, PERIODS } from '../../src/market/period.ts'
import type { Entry } from '../../src/store/entry.ts'
import { type FollowerStore, openFollower } from '../../src/store/follower.ts'
import { createLmdbStore } from '../../src/store/lmdb.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { connectToOwner } from '../../src/store/owner.ts'
import type { Reads, Store } from '../../src/store/store.ts'
import { told } from '../fixture/events.ts'
import { minute } from '../fixture/minutes.ts'
import { applyAll, shown } from '../fixture/store-spec.ts'

const ladder = createLadder(utcCalendar, PERIODS)
const START = Date.parse('2024-02-29T23:00Z')
const SYMBOLS = ['A', 'AB', 'C']
const KEEP_EVENTS = 60

t.setTimeout(120_000)

/** The owner of a directory in a process of its own. */
async function startOwner (t: Test, dataDir: string): Promise<{ apply (batches: readonly (readonly Entry[])[]): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('../fixture/owner-process.ts', import.meta.url)), [dataDir], { serialization: 'advanced' })
  t.teardown(() => { child.kill('SIGKILL') })
  await once(child, 'message')
  return {
    async apply (batches) {
      child.send(batches)
      await once(child, 'message')
    },
  }
}

function follow (dataDir: string): FollowerStore {
  const follower = openFollower(ladder, { dataDir, keepEvents: KEEP_EVENTS })
  follower.load()
  return follower
}

/** All that can be read, but for the epoch, which is another for each directory. */
function all (store: Reads): unknown {
  const { keys } = shown(store as Store, SYMBOLS) as { keys: { position: { seq: number } }[] }
  const events = SYMBOLS.flatMap((symbol) => PERIODS.map((period) => {
    const { seq } = store.position(symbol, period)
    return [seq, seq - 1, seq - 17, seq - KEEP_EVENTS, seq - KEEP_EVENTS - 1].map((after) => store.events({ symbol, period, seq: Math.max(0, after), limit: 1000 }))
  }))
  return { symbols: store.symbols(), keys: keys.map((key) => ({ ...key, position: key.position.seq })), events }
}

/** What was told; undefined if what comes next was gone. */
async function catchUp (follower: FollowerStore): Promise<unknown[] | undefined> {
  const events: unknown[] = []
  try {
    for await (const applied of follower.catchUp()) events.push(...told(applied.events))
    return events
  } catch (err) {
    t.match(err, { message: /^The journal begins at \d+, and was read up to \d+ here$/ })
    return undefined
  }
}

/** Which of several contracts is told of first is nobody's promise, and another after a restart. */
function bySymbol (events: readonly unknown[]): unknown[] {
  const symbolOf = (event: unknown): string => (event as { key?: string }).key?.split('.')[0] ?? '~'
  return events.toSorted((a, b) => symbolOf(a) < symbolOf(b) ? -1 : symbolOf(a) > symbolOf(b) ? 1 : 0)
}

const symbol = fc.constantFrom(...SYMBOLS)
const time = fc.integer({ min: -90, max: 60 }).map((offset) => offset * MINUTE)
const price = fc.integer({ min: 1, max: 999 })

/** Entries whose times are still counted from how far the test has come. */
const anyEntry: fc.Arbitrary<(now: number) => Entry> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(symbol, fc.nat(3), price).map(([symbol, offset, close]) => (now: number) => minute(now + offset * MINUTE, { symbol, close, volume: close / 8 })) },
  { weight: 4, arbitrary: fc.tuple(symbol, time, price).map(([symbol, offset, close]) => (now: number) => minute(now + offset, { symbol, close, volume: 1234567890.1234567 })) },
  { weight: 1, arbitrary: fc.tuple(symbol, fc.array(time, { minLength: 1, maxLength: 20 }), price).map(([symbol, offsets, close]) => (now: number): Entry => ({ kind: 'import', symbol, minutes: offsets.map((offset) => minute(now + offset, { symbol, close })) })) },
  { weight: 1, arbitrary: fc.option(symbol, { nil: undefined }).map((symbol) => (now: number): Entry => ({ kind: 'watermark', time: now, ...(symbol === undefined ? undefined : { symbols: [symbol] }) })) },
  { weight: 1, arbitrary: fc.constant((now: number): Entry => ({ kind: 'clock', time: now })) },
)
const anyBatches = fc.array(fc.array(fc.array(anyEntry, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), { minLength: 10, maxLength: 40 })

t.test('a follower shows what the owner shows and hears what it tells, and until it catches up, what was there before', async (t) => {
  let runs = 0
  const counts = { caughtUp: 0, behind: 0 }
  await fc.assert(fc.asyncProperty(anyBatches, async (rounds) => {
    const dataDir = t.testdir({})
    const directory = `${dataDir}/${++runs}`
    const owner = await startOwner(t, directory)
    const model = await createLmdbStore(ladder, { dataDir: `${directory}-model`, keepEvents: KEEP_EVENTS, onArchiveError (err) { throw err } })
    let follower = follow(directory)
    let now = START
    try {
      for (const round of rounds) {
        const batches = round.map((batch) => batch.map((entry) => entry(now += MINUTE)))
        const before = all(model)
        await owner.apply(batches)
        t.same(all(follower), before)
        const events: unknown[] = []
        for (const batch of batches) events.push(...(await applyAll(model, batch)).events)
        const heard = await catchUp(follower)
        if (heard === undefined) {
          counts.behind++
          t.same(all(follower), before)
          await follower.close()
          follower = follow(directory)
        } else {
          counts.caughtUp++
          t.same(bySymbol(heard), bySymbol(events))
        }
        t.same(all(follower), all(model))
      }
    } finally {
      await follower.close()
      await model.close()
    }
  }), { numRuns: 6, endOnFailure: true })
  t.comment(JSON.stringify(counts))
  t.ok(counts.caughtUp > 10)
})

t.test('a follower that has slept too long says so, and shows what it had', async (t) => {
  const dataDir = t.testdir()
  const owner = await startOwner(t, dataDir)
  await owner.apply([[minute(START, { symbol: 'A' })]])
  const follower = follow(dataDir)
  t.teardown(() => follower.close())
  const before = all(follower)
  await owner.apply(Array.from({ length: 200 }, (_, i) => [minute(START + (i + 1) * MINUTE, { symbol: 'A' })]))
  t.equal(await catchUp(follower), undefined)
  t.same(all(follower), before)
})

t.test('many contracts go to the archive of a follower too, as they do in the owner', async (t) => {
  const dataDir = t.testdir()
  const owner = await startOwner(t, dataDir)
  const follower = follow(dataDir)
  t.teardown(() => follower.close())
  const symbols = Array.from({ length: 450 }, (_, i) => `S${i}`)
  const model = createMemoryStore(ladder, { bars: 1000 })
  for (let place = 0; place < 6; place++) {
    const batch = symbols.map((symbol) => minute(START + place * MINUTE, { symbol, close: place }))
    await owner.apply([batch])
    const { events } = await applyAll(model, batch)
    t.same(await catchUp(follower), events)
  }
  for (const symbol of symbols) {
    const [bars, expected] = [follower, model].map((store) => store.buckets({ symbol, period: '3m', limit: 100 }))
    t.same(bars, expected)
    t.equal(follower.position(symbol, '1m').seq, 6)
  }
})

t.test('a directory that nobody owns has nobody to connect to', async (t) => {
  const dataDir = t.testdir()
  await t.rejects(connectToOwner(dataDir, { read: () => undefined }), { message: `The data directory \`${dataDir}\` has no owner` })
  await t.rejects(connectToOwner(dataDir, { read: () => 'owner-dead' }), { code: 'ENOENT' })
})
