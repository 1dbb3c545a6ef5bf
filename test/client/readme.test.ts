import t from 'tap'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENT_CODES } from '../../src/errors.ts'
import { runSource } from '../fixture/child.ts'
import { market } from '../fixture/market.ts'
import { fenced, findTable } from '../fixture/readme.ts'

const bare = (cell: string): string => cell.replace(/^`(.*)`$/, '$1')

t.test('the README has every code of the client, and no other', async (t) => {
  const { rows } = findTable(({ head }) => head[0] === 'code of the client')
  t.strictSame(rows.map(([code]) => bare(code)).sort(), Object.keys(CLIENT_CODES).sort())
})

t.test('the README has every option of the client with its default, and no other', async (t) => {
  const [, source] = /export interface ClientOptions \{([^]*?)\n\}/.exec(readFileSync(new URL('../../src/client/options.ts', import.meta.url), 'utf8')) ?? []
  const options = [...source.matchAll(/\/\*\*(.*)\*\/\n {2}readonly (\w+)\?:/g)].filter(([, words]) => !words.includes('For tests'))
  const { rows } = findTable(({ head }) => head[0] === 'option of the client')
  t.strictSame(rows.map(([name]) => bare(name)), options.map(([, , name]) => name))
  for (const [, words, name] of options) {
    const [, value] = /@default (\S+) $/.exec(words) ?? []
    const [, cell] = rows.find(([option]) => bare(option) === name) ?? []
    if (value !== undefined) t.equal(bare(cell ?? ''), value, name)
    else t.match(cell, /none|browser/, name)
  }
})

t.test('the example of the client runs', async (t) => {
  const { app, trade } = await market(t, 3)
  const example = fenced('ts').find((block) => block.includes("from 'kline-push/client'")) ?? ''
  const file = join(t.testdir(), 'example.ts')
  writeFileSync(file, example
    .replace("'kline-push/client'", JSON.stringify(new URL('../../src/client/node.ts', import.meta.url).href))
    .replace('ws://127.0.0.1:3000', app.listeningOrigin.replace('http', 'ws'))
    .replaceAll('rb2601', 'BTCUSDT'))
  const child = runSource(t, file)
  await child.says(/live \n/)
  await trade(3, 9)
  await child.says(/reset 1\n[^]*update 1\n/)
  await child.says(/BTCUSDT\.1h 10\n[^]*BTCUSDT\.1h 9\n/)
  await child.says(/(10 final\n[^]*){3}9 final\n/)
  t.equal(child.err, '')
})
