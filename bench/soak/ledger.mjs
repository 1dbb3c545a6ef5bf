/**
 * Where one client stands with each of its keys, from nothing but what frames say; and whatever breaks a promise.
 * `onFault(kind, text, count)` hears of each breach:
 *
 *   lost         an event was passed over       doubled   one came again
 *   unrecovered  coming back got a snapshot     epoch     the data are others than before
 *   heartbeat    the sums differ                stray     a frame of a key that is not subscribed
 */
export class Ledger {
  #positions = new Map()
  #onFault

  constructor (keys, onFault) {
    this.#onFault = onFault
    for (const key of keys) this.#positions.set(key, { epoch: undefined, seq: 0, live: false })
  }

  get keys () {
    return [...this.#positions.keys()]
  }

  seq (key) {
    return this.#positions.get(key).seq
  }

  /** What to come back with; undefined before the first time. */
  since (keys) {
    const known = keys.filter((key) => this.#positions.get(key).epoch !== undefined)
    return known.length === 0 ? undefined : Object.fromEntries(known.map((key) => [key, { epoch: this.#positions.get(key).epoch, seq: this.#positions.get(key).seq }]))
  }

  /** The connection is gone, or the keys were given back: nothing comes until the next ack. */
  rest (keys = this.keys) {
    for (const key of keys) this.#positions.get(key).live = false
  }

  acked ({ key, epoch, seq, recovered, replayed }) {
    const position = this.#positions.get(key)
    position.live = true
    if (position.epoch === undefined) return
    if (epoch !== position.epoch) this.#onFault('epoch', `${key}: the epoch was ${position.epoch} and is ${epoch}`, 1)
    if (seq < position.seq) this.#onFault('lost', `${key}: the server stands at ${seq}, and has told ${position.seq}`, position.seq - seq)
    if (recovered !== true) this.#onFault('unrecovered', `${key}: not recovered after ${position.seq}, the server stands at ${seq}`, 1)
    else if (replayed !== seq - position.seq) this.#onFault('lost', `${key}: ${replayed} replayed from ${position.seq} to ${seq}`, 1)
  }

  snapshot ({ key, epoch, seq }) {
    const position = this.#positions.get(key)
    if (position?.live !== true) return this.#onFault('stray', `${key}: a snapshot that was not asked for`, 1)
    if (position.epoch !== undefined && seq > position.seq) this.#onFault('lost', `${key}: a snapshot at ${seq} after ${position.seq}`, seq - position.seq)
    Object.assign(position, { epoch, seq })
  }

  /** A durable event. */
  event (key, seq) {
    const position = this.#positions.get(key)
    if (position?.live !== true) return this.#onFault('stray', `${key}: event ${seq} of a key that is not subscribed`, 1)
    if (seq === position.seq + 1) {
      position.seq = seq
    } else if (seq <= position.seq) {
      this.#onFault('doubled', `${key}: event ${seq} after ${position.seq}`, 1)
    } else {
      this.#onFault('lost', `${key}: event ${seq} after ${position.seq}`, seq - position.seq - 1)
      position.seq = seq
    }
  }

  heartbeat ({ keys, seqTotal }) {
    if (keys === undefined) return // some key is still catching up
    let held = 0
    let total = 0
    for (const { live, seq } of this.#positions.values()) {
      if (!live) continue
      held++
      total += seq
    }
    if (keys !== held || seqTotal !== total) this.#onFault('heartbeat', `a heartbeat of ${keys} keys with ${seqTotal}, and the client has ${held} with ${total}`, 1)
  }
}
