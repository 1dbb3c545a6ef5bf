import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Whether a disk has room for so many bytes, asked before LMDB is: a commit that runs into a full disk fails, and no
 * other can follow it in the same process, because lmdb (3.5.6) then writes past the end of its own memory.
 *
 * @throws an error that says what is left
 */
export function checkRoom (directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory)
  const left = bavail * bsize
  if (left < bytes) throw new Error(`The disk of \`${directory}\` has ${left} bytes left, and a commit may need ${bytes}`)
}

/** Waits until what is in a file, or which files are in a directory, is on disk. */
export function sync (path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a directory, and those above it, unless they are there. Node (20.20) by itself tries for ever where the system
 * lets nobody, as in /proc.
 *
 * @throws an error that names what is there instead, or can't be made
 */
export function makeDirectory (path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new Error(`Expected \`${path}\` to be a directory, it is a file`)
    return
  }
  makeDirectory(dirname(resolve(path))) // the root is there
  mkdirSync(path)
}
