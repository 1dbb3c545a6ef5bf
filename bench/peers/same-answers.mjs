import websocket from '@fastify/websocket'
import Fastify from 'fastify'

// Bare @fastify/websocket that answers a subscription as ours does: an ack with the position of each key, then the
// newest bar of each. It keeps nothing else and pushes nothing.

const EPOCH = 'bench'
const app = Fastify({ bodyLimit: 64e6 })
const newest = new Map()
await app.register(websocket, { options: { maxPayload: 4e6 } })

app.get('/ws', { websocket: true }, function acceptClient (socket) {
  socket.on('message', (message) => {
    const { id, op, args } = JSON.parse(message)
    socket.send(JSON.stringify({ type: 'ack', id, op, keys: args.map((key) => ({ key, epoch: EPOCH, seq: 1 })), rejected: [] }))
    for (const key of args) socket.send(JSON.stringify({ type: 'snapshot', key, epoch: EPOCH, seq: 1, bars: [newest.get(key)] }))
  })
})

app.post('/bars', async function postBars (request) {
  for (const { symbol, ...bar } of request.body) newest.set(`${symbol}.1m`, { ...bar, closed: true, revision: 0 })
  return { ok: true }
})

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
