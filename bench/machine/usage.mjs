import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** Whether the system tells what other processes use: Linux does. Elsewhere these figures are left out. */
export const told = existsSync('/proc/self/stat')

const tickUs = told ? 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : NaN

/** Microseconds of processor time that a process has used, all its threads together. */
export function cpu (pid) {
  if (!told) return { user: NaN, system: NaN }
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // the name before may have spaces
  return { user: Number(fields[11]) * tickUs, system: Number(fields[12]) * tickUs }
}

/** Bytes of memory that a process has in use. */
export function residentBytes (pid) {
  if (!told) return NaN
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(kib) * 1024
}
