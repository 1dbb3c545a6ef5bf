import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

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
  if (!told) return NaN
  let kib = 0
  for (const each of family(pid)) kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'latin1'))[1])
  return kib * 1024
}

function family (pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap(family))]
}
