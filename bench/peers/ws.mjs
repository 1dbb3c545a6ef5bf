import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { readJson } from './body.mjs'
import { Topics } from './topics.mjs'

const topics = new Topics()
const http = createServer(async function postBars (request, response) {
  topics.publish(await readJson(request))
  response.end('{"ok":true}')
})

new WebSocketServer({ server: http, path: '/ws', maxPayload: 4e6 }).on('connection', function acceptClient (socket) {
  socket.on('message', (message) => { topics.subscribe(socket, JSON.parse(message)) })
  socket.on('close', () => { topics.leave(socket) })
})

http.listen(Number(process.env.PORT), '127.0.0.1')
