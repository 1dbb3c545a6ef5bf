import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

/** The program of a C source, or undefined where there is no compiler. */
export function compiled (source) {
  const folder = mkdtempSync(join(tmpdir(), 'kline-push-bench-'))
  process.on('exit', () => { rmSync(folder, { recursive: true }) })
  const program = join(folder, basename(source, '.c'))
  const { status } = spawnSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] })
  return status === 0 ? program : undefined
}
