import { Bench } from 'tinybench'
import { client } from './micro/client.mjs'
import { encoding } from './micro/encoding.mjs'
import { push } from './micro/push.mjs'
import { rollUp } from './micro/roll-up.mjs'
import { store } from './micro/store.mjs'
import { show, table } from './table.mjs'

// Parts of the server by themselves, in one process and without a socket.

const rows = []
for (const part of [rollUp, encoding, push, client, store]) {
  const bench = new Bench({ time: 1000, warmupTime: 300, throws: true })
  await part(bench)
  for (const { name, result: { latency } } of await bench.run()) {
    rows.push([name, show(latency.p50 * 1000), show(latency.p99 * 1000), show(latency.samplesCount)])
  }
}
console.log(table(['', 'µs p50', 'p99', 'times'], rows))
process.exit()
