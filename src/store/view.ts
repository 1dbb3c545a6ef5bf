import type { RootDatabase, Transaction } from 'lmdb'

/** What reads of a data directory see: the newest commit, or if there is a transaction, what was there when it began. */
export interface View { transaction?: Transaction }

export const NEWEST: View = {}

/** What is there now. It stays readable until its `done` is called, and the file can't use its pages again before. */
export function newestOf (root: RootDatabase): Transaction {
  root.resetReadTxn()
  return root.useReadTransaction()
}
