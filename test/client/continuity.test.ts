import t from 'tap'
import { ClientFollower } from '../fixture/continuity/client-follower.ts'
import { keep } from '../fixture/continuity/promise.ts'
import { Proxy } from '../fixture/continuity/proxy.ts'

keep(t, 'whatever happens in between, after it has caught up the series of a client equals the bars of the server, and so does what it has told one by one', {
  follow: (url: string, place: number) => new ClientFollower(url, { deflates: place === 1, closedOnly: place === 2 }),
  makeProxy: () => new Proxy({ slowestMs: 3 }),
  runs: 6,
  seen: ['recovered', 'snapshots', 'resets', 'heartbeats', 'events', 'batches', 'deflated', 'stale'],
})
