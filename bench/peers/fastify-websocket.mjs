import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { Topics } from './topics.mjs'

const app = Fastify({ bodyLimit: 64e6 })
const topics = new Topics()
await app.register(websocket, { options: { maxPayload: 4e6 } })

app.get('/ws', { websocket: true }, function acceptClient (socket) {
  socket.on('message', (message) => { topics.subscribe(socket, JSON.parse(message)) })
  socket.on('close', () => { topics.leave(socket) })
})

app.post('/bars', async function postBars (request) {
  topics.publish(request.body)
  return { ok: true }
})

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
