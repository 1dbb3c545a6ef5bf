/** What one writes first over a library that has no topics: a set of sockets for each key, and `send` to each of them. */
export class Topics {
  #sockets = new Map()
  #keys = new Map()

  subscribe (socket, { id, args }) {
    this.#keys.set(socket, args)
    for (const key of args) {
      if (!this.#sockets.has(key)) this.#sockets.set(key, new Set())
      this.#sockets.get(key).add(socket)
    }
    socket.send(JSON.stringify({ type: 'ack', id }))
  }

  leave (socket) {
    for (const key of this.#keys.get(socket) ?? []) {
      const sockets = this.#sockets.get(key)
      sockets.delete(socket)
      if (sockets.size === 0) this.#sockets.delete(key)
    }
    this.#keys.delete(socket)
  }

  publish (bars) {
    for (const { symbol, ...bar } of bars) {
      const key = `${symbol}.1m`
      const sockets = this.#sockets.get(key)
      if (sockets === undefined) continue
      const text = JSON.stringify({ type: 'bar', key, bar })
      for (const socket of sockets) socket.send(text)
    }
  }
}
