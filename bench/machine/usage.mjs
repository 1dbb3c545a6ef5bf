import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Whether the system tells what other processes use: Linux does. Elsewhere these figures are left out. */
export const told = existsSync('/proc/self/stat')

const tickUs = told ? 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : NaN

/** Microseconds of processor time that a process and its children have used, all threads together. */
export function cpu (pid) {
  const used = { user: 0, system: 0 }
  if (!told) return { user: NaN, system: NaN }
  for (const each of family(pid)) {
    const text = readFileSync(`/proc/${each}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // the name before may have spaces
    used.user += Number(fields[11]) * tickUs
    used.system += Number(fields[12]) * tickUs
  }
  return used
}

/** Bytes of memory that a process and its children have in use. */
export function residentBytes (pid) {
  return memory(pid).resident
}

/** The same, and how much of it is the process's own, and not pages of files that the system may take back. */
export function memory (pid) {
  const used = { resident: 0, anonymous: 0 }
  if (!told) return { resident: NaN, anonymous: NaN }
  for (const each of family(pid)) {
    const status = readFileSync(`/proc/${each}/status`, 'latin1')
    used.resident += Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) * 1024
    used.anonymous += Number(/^RssAnon:\s+(\d+)/m.exec(status)[1]) * 1024
  }
  return used
}

/** Files and sockets that a process has open. */
export function descriptors (pid) {
  return told ? readdirSync(`/proc/${pid}/fd`).length : NaN
}

function family (pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap(family))]
}
