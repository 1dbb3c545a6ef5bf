import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { readJson } from './body.mjs'

const http = createServer(async function postBars (request, response) {
  for (const { symbol, ...bar } of await readJson(request)) io.to(`${symbol}.1m`).emit('bar', { key: `${symbol}.1m`, bar })
  response.end('{"ok":true}')
})
const io = new Server(http, { transports: ['websocket'], maxHttpBufferSize: 4e6 })

io.on('connection', function acceptClient (socket) {
  socket.on('subscribe', (keys) => {
    socket.join(keys)
    socket.emit('ack')
  })
})

http.listen(Number(process.env.PORT), '127.0.0.1')
