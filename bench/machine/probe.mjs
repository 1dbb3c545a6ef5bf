import { monitorEventLoopDelay } from 'node:perf_hooks'

// Loaded into a server before its own code: tells how long its event loop was held since it was last asked.

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()

process.on('message', (question) => {
  if (question !== 'held') return
  process.send({ longestMs: delay.max / 1e6 })
  delay.reset()
})
process.channel.unref()
