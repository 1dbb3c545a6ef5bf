import { join } from 'node:path'
import t from 'tap'
import { compile } from '../fixture/compile.ts'
import { ClientFollower } from '../fixture/continuity/client-follower.ts'
import { hold, inChild, inProcess, TIMEOUT_MS } from '../fixture/continuity/promise.ts'
import { Proxy } from '../fixture/continuity/proxy.ts'

t.setTimeout(TIMEOUT_MS)

const trial = {
  follow: (url: string, place: number) => new ClientFollower(url, { deflates: place === 1, closedOnly: place === 2 }),
  makeProxy: () => new Proxy({ slowestMs: 3 }),
  runs: 6,
  seen: ['recovered', 'snapshots', 'resets', 'heartbeats', 'events', 'batches', 'deflated', 'stale'],
}

t.test('whatever happens in between, after it has caught up the series of a client equals the bars of the server, and so does what it has told one by one', async (t) => {
  t.testdir({})
  await hold(t, { ...trial, how: 'stop', power: inProcess })
})

t.test('the same with a server that is killed at any moment', async (t) => {
  const directory = t.testdir()
  await compile(directory, ['test/fixture/continuity'])
  const server = join(directory, 'dist/test/fixture/continuity/child.js')
  await hold(t, { ...trial, how: 'kill', power: (dataDir) => inChild(t, server, dataDir) })
})
