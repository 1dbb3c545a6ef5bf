import t from 'tap'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { type BadRow, readRows, type Row } from '../../src/cli/rows.ts'

const HEADER = 'symbol,time,open,high,low,close,volume'
const MINUTE = { symbol: 'rb2601', time: 60_000, open: 1, high: 3, low: 1, close: 2, volume: 5 }
const LINE = 'rb2601,60000,1,3,1,2,5'

async function read (input: Readable): Promise<(Row | BadRow)[]> {
  const rows: (Row | BadRow)[] = []
  for await (const row of readRows(input)) rows.push(row)
  return rows
}

async function readText (text: string) {
  return await read(Readable.from([Buffer.from(text)]))
}

t.test('a row is a minute with its line, and with the place in the file where it ends', async (t) => {
  const text = `${HEADER}\n${LINE}\n`
  t.strictSame(await readText(text), [{ minute: MINUTE, line: 2, bytes: text.length }])
})

t.test('columns are found by name; others are passed over, and optional ones may be empty', async (t) => {
  const rows = await readText('volume,note,close,low,high,open,time,symbol,turnover,openInterest\n5,hello,2,1,3,1,60000,rb2601,1e3,\n')
  t.match(rows, [{ minute: { ...MINUTE, turnover: 1000 } }])
  t.notOk('openInterest' in (rows[0] as Row).minute)
})

t.test('a byte order mark, blank lines, spaces around fields and Windows line ends do no harm', async (t) => {
  t.match(await readText(`\uFEFF${HEADER}\r\n\r\n rb2601 , 60000 ,1,3,1,2,5\r\n`), [{ minute: MINUTE, line: 3 }])
})

t.test('time is UTC milliseconds, or ISO 8601 with its zone', async (t) => {
  const times = ['60000', '6e4', '1970-01-01T00:01Z', '1970-01-01 01:01:00+01:00', '1970-01-01T00:01:00.000Z']
  t.match(await readText([HEADER, ...times.map((time) => LINE.replace('60000', time))].join('\n')), times.map(() => ({ minute: MINUTE })))
  t.match(await readText(`${HEADER}\n${LINE.replace('60000', '1970-01-01T00:01')}`), [{ line: 2, problem: /`time`.*"1970-01-01T00:01"/ }])
})

t.test('quotes may surround a field', async (t) => {
  t.match(await readText(`${HEADER}\n${LINE.replace('rb2601', '"rb2601"')}\n`), [{ minute: MINUTE }])
})

t.test('a quote that is never closed, or goes on after its end, spoils its own row only', async (t) => {
  const rows = await readText([HEADER, LINE, `"${LINE}`, LINE, `"rb2601"x${LINE.slice(6)}`, LINE].join('\n'))
  t.match(rows, [
    { minute: MINUTE, line: 2 },
    { line: 3, problem: /^Quote Not Closed: .* quote$/ },
    { minute: MINUTE, line: 4 },
    { line: 5, problem: /^Invalid Closing Quote: .* quote$/ },
    { minute: MINUTE, line: 6 },
  ])
})

t.test('a row that has no end is refused without being drawn into memory, and the rows after it are read', async (t) => {
  const rows = await read(Readable.from((function * () {
    yield Buffer.from(`${HEADER}\n${LINE}\n`)
    for (let i = 0; i < 2000; i++) yield Buffer.alloc(65_536, 'x') // to keep and copy all of it each time would take minutes
    yield Buffer.from(`\n${LINE}`)
  })()))
  t.match(rows, [{ minute: MINUTE }, { line: 3, problem: /at most 65536 bytes/ }, { minute: MINUTE, line: 4 }])
})

t.test('it does not matter where the file is cut into pieces', async (t) => {
  const bytes = Buffer.from(`\uFEFF${HEADER},ärger\r\n${LINE},é\r\n\r\n${LINE},€\r\n${LINE}`)
  const whole = await read(Readable.from([bytes]))
  t.match(whole, [{ minute: MINUTE, line: 2 }, { minute: MINUTE, line: 4 }, { line: 5, problem: 'Expected 8 fields, got 7', bytes: bytes.length }])
  for (let length = 1; length < 20; length++) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.subarray(i * length, (i + 1) * length))
    t.strictSame(await read(Readable.from(pieces)), whole)
  }
})

t.test('a header that lacks a column is an error that names it, and so is an empty file', async (t) => {
  await t.rejects(readText('symbol,time,open\n'), { message: /names? the columns symbol,time,open,high,low,close,volume; it lacks high,low,close,volume$/ })
  await t.rejects(readText(''), { message: /it lacks symbol,time,/ })
})

t.test('a file that can not be read is an error that names it', async (t) => {
  const directory = t.testdir()
  await t.rejects(read(createReadStream(`${directory}/none.csv`)), { code: 'ENOENT', message: /none\.csv/ })
  await t.rejects(read(createReadStream(directory)), { code: 'EISDIR' })
})

t.test('a file that breaks off in the middle is an error, after the rows that came', async (t) => {
  const seen: unknown[] = []
  const input = Readable.from((async function * () {
    yield Buffer.from(`${HEADER}\n${LINE}\n${LINE}\n`)
    await new Promise((resolve) => { setImmediate(resolve) })
    throw new Error('the disk is gone')
  })())
  await t.rejects(async () => { for await (const row of readRows(input)) seen.push(row) }, { message: 'the disk is gone' })
})
