const EVENTS = 3

/** What one client is to get wrong once, and which one: a run that reports it shows that its silence means something. */
export const SABOTAGES = {
  /** An event falls. */
  lost: { kind: 'plain', index: 0, spoil ({ ledger }) { at(EVENTS, ledger, 'event', () => {}) } },

  /** An event comes twice. */
  doubled: {
    kind: 'plain',
    index: 0,
    spoil ({ ledger }) {
      at(EVENTS, ledger, 'event', (event, ...args) => {
        event(...args)
        event(...args)
      })
    },
  },

  /** A sum is one too high. */
  heartbeat: { kind: 'plain', index: 8, spoil ({ ledger }) { at(1, ledger, 'heartbeat', (heartbeat, { keys, seqTotal }) => { heartbeat({ keys, seqTotal: seqTotal + 1 }) }) } },

  /** A bar is another one than was told. */
  series: { kind: 'auditor', index: 0, spoil ({ series }) { at(EVENTS, series, 'put', (put, key, bar) => { put(key, { ...bar, volume: bar.volume + 1 }) }) } },
}

/** What to do to client number `index` of a kind before it begins. */
export function spoilerOf (name, client) {
  const { kind, index, spoil } = SABOTAGES[name] ?? {}
  return client.kind === kind && client.index === index ? spoil : () => {}
}

/** The so many-th call of a method becomes another one. */
function at (call, object, name, act) {
  const method = object[name].bind(object)
  let calls = 0
  object[name] = (...args) => {
    if (++calls === call) act(method, ...args)
    else method(...args)
  }
}
