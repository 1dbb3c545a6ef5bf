import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { MinuteBar } from '../../src/market/bar.ts'
import { type Commit, findCommit, openPages } from '../../src/store/commits.ts'
import { salvageMinutes } from '../../src/store/minutes.ts'
import { Salvage } from '../../src/store/salvage.ts'
import { makeData, PAGE, pagesOf, rewrite, zeroPage } from '../fixture/damage.ts'

const dataDir = t.testdir()
let truth: Map<string, MinuteBar>
let whole: Buffer
t.before(async () => {
  truth = await makeData(dataDir)
  whole = readFileSync(join(dataDir, 'bars.mdb'))
})
t.beforeEach(() => { writeFileSync(join(dataDir, 'bars.mdb'), whole) })

function salvage (): { minutes: MinuteBar[], problems: string[], doubts: string[] } {
  const file = openPages(join(dataDir, 'bars.mdb'))
  const problems: string[] = []
  const salvage = new Salvage(file, (table, problem) => { problems.push(`${table}: ${problem}`) })
  const minutes = [...salvageMinutes(salvage)]
  file.close()
  return { minutes, problems, doubts: salvage.doubts() }
}

/** Those that are another than what was last said of that minute. */
function untrue (minutes: readonly MinuteBar[]): MinuteBar[] {
  return minutes.filter((minute) => JSON.stringify(minute) !== JSON.stringify(truth.get(`${minute.symbol} ${minute.time}`)))
}

t.test('of sound data every minute comes out as it was last said to be, by contract and ascending', (t) => {
  const { minutes, problems, doubts } = salvage()
  t.strictSame([problems, doubts], [[], []])
  t.strictSame(minutes, [...truth.values()].sort((a, b) => a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.time - b.time))
  t.end()
})

t.test('when a page is gone, nothing comes out that is not true, and only what was on it is missing, which is said', (t) => {
  let lost = 0
  for (const { number, table, kind } of pagesOf(dataDir)) {
    zeroPage(dataDir, number)
    const { minutes, problems, doubts } = salvage()
    const name = `${kind} ${number} of ${table}`
    if (table === 'journal') {
      t.match(doubts, [/^Entries of the journal may be missing/], name)
      t.ok(minutes.length > truth.size / 2, name)
    } else if (table === 'bars' && kind === 'leaf') {
      t.strictSame([untrue(minutes), doubts], [[], []], name)
      t.ok(minutes.length > truth.size - 40, `${name}: ${truth.size - minutes.length} lost`)
      t.match(problems, [new RegExp(`^bars: page ${number} says that it is page 0 \\(.+ up to .+\\)$`)], name)
      lost += truth.size - minutes.length
    } else {
      t.strictSame([untrue(minutes), minutes.length], [[], truth.size], name)
    }
    writeFileSync(join(dataDir, 'bars.mdb'), whole)
  }
  t.ok(lost > 100 && lost <= truth.size, `${lost} of ${truth.size} in all`)
  t.end()
})

t.test('where nothing leads to the tables they are found all the same, and of rows that come more than once the newest', (t) => {
  rewrite(dataDir, (bytes) => bytes.fill(0, 0, 2 * PAGE))
  const { minutes, problems, doubts } = salvage()
  t.strictSame([untrue(minutes), minutes.length], [[], truth.size])
  t.match(problems, [/^the file: page 0 does not begin/, /^tables: page 0 is no page of a table$/])
  t.match(doubts, [/^What was stored last may be missing/, /^Entries of the journal may be missing/, /^\d+ rows may be older than the last that were written/])
  t.end()
})

t.test('without the newest commit the one before is read, and of the pages that came later none', (t) => {
  const branches = pagesOf(dataDir).filter(({ table, kind }) => table === 'bars' && kind === 'branch')
  rewrite(dataDir, (bytes) => {
    const newer = bytes.readUInt32LE(152) > bytes.readUInt32LE(PAGE + 152) ? 0 : PAGE
    return bytes.fill(0, newer, newer + PAGE)
  })
  const file = openPages(join(dataDir, 'bars.mdb'))
  const commit = findCommit(file) as Commit
  file.close()
  for (const number of [commit.free.root as number, ...branches.map(({ number }) => number)]) zeroPage(dataDir, number)
  const { minutes, doubts } = salvage()
  t.ok(minutes.length > truth.size - 70 && minutes.length < truth.size)
  t.match(untrue(minutes).map(({ symbol, close }) => ({ symbol, close })), [{ symbol: 'B.x', close: 11 }], 'the newest commit had a correction')
  t.match(doubts, [/^What was stored last may be missing/, /^\d+ rows may be older/])
  t.end()
})

t.test('long values that are gone too are left out', (t) => {
  for (const { number, kind } of pagesOf(dataDir)) if (kind === 'long') zeroPage(dataDir, number)
  rewrite(dataDir, (bytes) => bytes.fill(0, 0, 2 * PAGE))
  const { minutes } = salvage()
  t.ok(minutes.length > truth.size - 70 && minutes.length < truth.size)
  t.end()
})

t.test('of a tree of several levels, what any two branches led to is found', async (t) => {
  const dataDir = t.testdir()
  const minutes = await makeData(dataDir, { count: 1000 })
  const branches = pagesOf(dataDir).filter(({ table, kind }) => table === 'bars' && kind === 'branch')
  t.ok(branches.length > 2)
  const whole = readFileSync(join(dataDir, 'bars.mdb'))
  let certain = 0
  for (const [i, { number }] of branches.entries()) {
    zeroPage(dataDir, number)
    zeroPage(dataDir, branches[(i + 1) % branches.length].number)
    const file = openPages(join(dataDir, 'bars.mdb'))
    const salvage = new Salvage(file, () => {})
    t.equal([...salvageMinutes(salvage)].length, minutes.size)
    t.strictSame(salvage.doubts(), [])
    certain += salvage.gaps.length === 0 ? 1 : 0
    file.close()
    writeFileSync(join(dataDir, 'bars.mdb'), whole)
  }
  t.equal(certain, branches.length - 2, 'unless the root is one of the two, for then the other could have been a page of bars')
})
