const { App, DISABLED } = require('@trufflesuite/uws-js-unofficial')

const app = App()

app.ws('/ws', {
  compression: DISABLED,
  idleTimeout: 120,
  maxBackpressure: 64e6,
  maxPayloadLength: 4e6,
  message (socket, message) {
    const { id, args } = JSON.parse(Buffer.from(message))
    for (const key of args) socket.subscribe(key)
    socket.send(JSON.stringify({ type: 'ack', id }))
  },
})

app.post('/bars', function postBars (response) {
  const chunks = []
  response.onAborted(() => {})
  response.onData((chunk, last) => {
    chunks.push(Buffer.from(chunk.slice(0))) // its memory is only lent
    if (!last) return
    for (const { symbol, ...bar } of JSON.parse(Buffer.concat(chunks))) {
      const key = `${symbol}.1m`
      app.publish(key, JSON.stringify({ type: 'bar', key, bar }))
    }
    response.end('{"ok":true}')
  })
})

app.listen('127.0.0.1', Number(process.env.PORT), (socket) => {
  if (!socket) throw new Error('the port is in use')
})
