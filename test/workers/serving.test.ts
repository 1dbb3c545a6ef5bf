import t from 'tap'
import { valueOf } from '../fixture/exposition.ts'
import { connections, get, minutes, post, startTeam, stillOpen, subscriber, subscribers } from '../fixture/team.ts'

t.setTimeout(240_000)

t.test('workers share a port, take bars and push them as if they were one', async (t) => {
  const { child, url } = await startTeam(t)
  const all = await subscribers(t, url)
  t.equal(new Set(all.map(({ ack }) => ack.keys[0].epoch)).size, 1)
  t.equal([...(await connections(url)).values()].reduce((sum, count) => sum + count, 0), all.length)
  const takers = new Set<number>()
  let minute = 0
  for (; minute < 6 || (minute < 200 && takers.size < 2); minute++) {
    t.strictSame(await post(url, minutes(minute)), { status: 200, body: { accepted: 1, duplicates: 0, revised: 0 } })
    takers.add((await get(url, '/health')).pid)
    const shown = [await get(url, '/klines?symbol=a&period=1m&limit=5'), await get(url, '/klines?symbol=a&period=1m&limit=5')]
    t.equal(shown[0].seq, minute + 1)
    t.strictSame(shown[0], shown[1])
  }
  for (let i = 0; i < 10; i++) {
    t.match(await post(url, minutes(i % minute)), { status: 200, body: { duplicates: 1 } })
    t.match(await post(url, [{ ...minutes(0)[0], high: 0 }]), { status: 400, body: { code: 'KLP_ERR_BAR' } })
  }
  for (const { client } of all) t.strictSame((await client.take(minute)).map(({ seq }) => seq), Array.from({ length: minute }, (_, i) => i + 1))
  child.kill('SIGTERM')
  t.strictSame(await child.ended, { code: 0, signal: null }, child.err)
  for (const { client } of all) {
    t.match(await client.closed, { code: 1001 })
    t.match(client.left(), [{ type: 'notice', code: 'GOING_AWAY' }])
  }
})

t.test('a worker that dies costs only its own connections, which go on elsewhere; when it keeps the bars, nothing that it took is lost', async (t) => {
  const { child, url, pid } = await startTeam(t)
  const first = await subscribers(t, url)
  const { epoch } = first[0].ack.keys[0]
  await post(url, minutes(0, 3))
  for (const { client } of first) await client.take(3)

  process.kill(await pid('follower'), 'SIGKILL')
  await pid('follower', 2)
  const left = await stillOpen(first.map(({ client }) => client), url)
  t.ok(left.length > 0 && left.length < first.length)
  t.match(await post(url, minutes(3)), { status: 200 })
  for (const client of left) t.match(await client.next(), { seq: 4 })
  for (let i = 0; i < 4; i++) {
    const { client, ack } = await subscriber(t, url, { since: { 'a.1m': { epoch, seq: 3 } } })
    t.match(ack, { keys: [{ key: 'a.1m', epoch, recovered: true, replayed: 1 }] })
    left.push(client)
  }
  left.push(...(await subscribers(t, url)).map(({ client }) => client))

  process.kill(await pid('owner'), 'SIGKILL')
  for (let minute = 4, status = 503; minute < 10; minute++, status = 503) {
    for (let tries = 0; status !== 200 && tries < 500; tries++) {
      if (tries > 0) await new Promise((resolve) => { setTimeout(resolve, 20) })
      status = await post(url, minutes(minute)).then(({ status }) => status, () => 0)
    }
    t.equal(status, 200)
  }
  const stayed = await stillOpen(left, url)
  t.ok(stayed.length > 0 && stayed.length < left.length)
  for (const client of stayed) t.strictSame((await client.take(6)).map(({ seq }) => seq), [5, 6, 7, 8, 9, 10])
  t.equal((await get(url, '/klines?symbol=a&period=1m')).seq, 10)
  child.kill('SIGTERM')
  t.match(await child.ended, { code: 0 })
})

t.test('a follower that has slept for too long says goodbye and makes room for one that has it all', async (t) => {
  const { child, url, pid } = await startTeam(t)
  const all = await subscribers(t, url)
  const follower = await pid('follower')
  process.kill(follower, 'SIGSTOP')
  let taken = 0
  for (let i = 0; i < 50; i++) {
    const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: JSON.stringify(minutes(i * 10_000, 10_000)) })
    if (response.status === 200) taken++
  }
  t.equal(taken, 50)
  process.kill(follower, 'SIGCONT')
  await child.says(/The journal begins at/)
  await pid('follower', 2)
  const left = await stillOpen(all.map(({ client }) => client), url)
  t.ok(left.length > 0 && left.length < all.length)
  for (const { client } of all) if (!left.includes(client)) t.match(await client.closed, { code: 1001 })
  const seqs = new Map<number, number>()
  for (let tries = 0; tries < 500 && seqs.size < 2; tries++) {
    const { pid } = await get(url, '/health')
    seqs.set(pid, (await get(url, '/klines?symbol=a&period=1m&limit=1')).seq)
  }
  t.strictSame(new Set(seqs.values()), new Set([500_000]))
})

t.test('followers keep up with imports that go to the archive as fast as they come', async (t) => {
  const { child, url } = await startTeam(t)
  const all = await subscribers(t, url)
  let next = 0
  await Promise.all(Array.from({ length: 6 }, async () => {
    for (let i = 0; i < 6; i++) {
      const response = await fetch(`${url}/imports`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close' }, body: JSON.stringify(minutes(next++ * 1000, 1000)) })
      t.equal(response.status, 200, await response.text())
    }
  }))
  t.equal((await stillOpen(all.map(({ client }) => client), url)).length, all.length)
  t.notMatch(child.out, /a worker died/)
  const counts = new Map<number, number>()
  for (let tries = 0; tries < 500 && counts.size < 2; tries++) {
    const [{ pid }, { bars }] = [await get(url, '/health'), await get(url, '/klines?symbol=a&period=1d&limit=100')]
    counts.set(pid, bars.reduce((sum: number, { volume }: { volume: number }) => sum + volume, 0))
  }
  t.strictSame(new Set(counts.values()), new Set([36_000]))
})

t.test('whichever worker is asked, the metrics are those of all; and they say how many do not answer', async (t) => {
  const { url, pid } = await startTeam(t, { METRICS_TOKENS: 'one', CLOSE_GRACE_MS: 'off' })
  const all = await subscribers(t, url)
  for (let minute = 0; minute < 10; minute++) await post(url, minutes(minute))
  for (const { client } of all) await client.take(10)
  async function metrics (): Promise<Record<string, number | undefined>> {
    const response = await fetch(`${url}/metrics`, { headers: { connection: 'close', authorization: 'Bearer one' } })
    const text = await response.text()
    const names = ['connections', 'symbols', 'workers', 'silent_workers', 'events_total', 'minutes_total{route="bars",outcome="accepted"}']
    return Object.fromEntries(names.map((name) => [name, valueOf(text, name)]))
  }
  const expected = { connections: all.length, symbols: 1, workers: 2, silent_workers: 0, events_total: 20, 'minutes_total{route="bars",outcome="accepted"}': 10 }
  for (let i = 0; i < 6; i++) t.strictSame(await metrics(), expected)
  const follower = await pid('follower')
  process.kill(follower, 'SIGSTOP')
  t.match(await metrics(), { workers: 1, silent_workers: 1, symbols: 1 })
  process.kill(follower, 'SIGCONT')
  t.strictSame(await metrics(), expected)
})
