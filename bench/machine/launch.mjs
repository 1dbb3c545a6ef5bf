import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const cores = availableParallelism()
/** Whether a process can be held to some cores: on Linux, and only where there are two. */
export const pinned = cores > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

export const SERVER_CORE = '0'
export const ALL_CORES = `0-${cores - 1}`
export const OTHER_CORES = cores > 2 ? `1-${cores - 1}` : '1'

/** The shell raises the limit of open files as far as it may, and gives way to the program. */
const RAISE = 'ulimit -n "$(ulimit -H -n)" 2>/dev/null; exec "$0" "$@"'

/** Starts a program on some cores, with as many open files as the system lets it have. */
export function launch ([program, ...args], { on, ...options }) {
  const line = ['sh', '-c', RAISE, program, ...args]
  const [first, ...rest] = pinned ? ['taskset', '-c', on, ...line] : line
  return spawn(first, rest, options)
}

/** Takes this process off the server's core. */
export function stepAside () {
  if (pinned) spawnSync('taskset', ['-c', '-p', OTHER_CORES, String(process.pid)])
}

/** How many files a process may have open. */
export function openFiles () {
  const answer = spawnSync('sh', ['-c', 'ulimit -H -n'], { encoding: 'utf8' }).stdout.trim()
  return answer === 'unlimited' ? Infinity : Number(answer)
}
