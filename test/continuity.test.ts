import t from 'tap'
import { Follower } from './fixture/continuity/follower.ts'
import { keep } from './fixture/continuity/promise.ts'
import { Proxy } from './fixture/continuity/proxy.ts'

keep(t, 'whatever happens in between, after it has caught up a follower has the bars of the server, by frames alone', {
  follow: (url: string, place: number) => new Follower(url, { deflates: place === 1, batches: place === 2 }),
  makeProxy: () => new Proxy(),
  runs: 12,
  seen: ['recovered', 'snapshots', 'resets', 'heartbeats', 'events', 'slow', 'batches', 'deflated'],
})
