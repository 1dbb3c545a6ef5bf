// Loaded into a server that outlives a Ctrl-C: it ends with the process that started it, however that one ends.

process.on('disconnect', () => { process.kill(process.pid, 'SIGKILL') })
process.channel.unref()
