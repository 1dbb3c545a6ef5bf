import type { Bucket } from '../market/bucket.ts'
import type { Contract } from '../market/contract.ts'
import { decodeRows, encodeRows } from './row.ts'

/** How a key stood, and its bar that was open. */
export interface LaneState { readonly seq: number, readonly resetSeq: number, readonly newest: number, readonly open: Bucket | undefined }

/** How a contract stood when it was put into the archive. */
export interface ContractState {
  readonly position: number
  readonly first: number
  readonly frontier: number
  readonly watermark: number
  readonly lanes: readonly LaneState[]
}

/** How many doubles a contract has, and each of its lanes after that. */
const HEAD = 4
const PER_LANE = 4

/** On disk: position first frontier watermark; of each lane seq resetSeq newest, and whether it has an open bar; then these bars. */
export function encodeState ({ position, first, frontier, watermark, lanes }: Contract): Buffer {
  const state = new Float64Array(HEAD + PER_LANE * lanes.length)
  state.set([position, first, frontier, watermark])
  const unfinished: Bucket[] = []
  lanes.forEach(({ seq, resetSeq, newest, open }, i) => {
    state.set([seq, resetSeq, newest, open === undefined ? 0 : 1], HEAD + PER_LANE * i)
    if (open !== undefined) unfinished.push(open)
  })
  return Buffer.concat([Buffer.from(state.buffer), encodeRows(unfinished)])
}

/** @throws when it is not of so many lanes */
export function decodeState (value: Buffer, lanes: number): ContractState {
  const length = (HEAD + PER_LANE * lanes) * Float64Array.BYTES_PER_ELEMENT
  if (value.length < length) throw new Error(`it has ${value.length} bytes, and ${lanes} periods take ${length}`)
  const state = new Float64Array(new Uint8Array(value.subarray(0, length)).buffer)
  const unfinished = decodeRows(value.subarray(length))
  const [position, first, frontier, watermark] = state
  const states = Array.from({ length: lanes }, (_, i) => {
    const [seq, resetSeq, newest, isOpen] = state.subarray(HEAD + PER_LANE * i)
    return { seq, resetSeq, newest, open: isOpen === 1 ? unfinished.shift() : undefined }
  })
  return { position, first, frontier, watermark, lanes: states }
}
