import type { RootDatabase, Transaction } from 'lmdb'

/** What reads of a data directory see: the newest commit, or if there is a transaction, what was there when it began. */
export interface View { transaction?: Transaction }

export const NEWEST: View = {}

/** What is there now. It stays readable until its `done` is called, and the file can't use its pages again before. */
export function newestOf (root: RootDatabase): Transaction {
  root.resetReadTxn()
  return root.useReadTransaction()
}

/** Why a commit failed, which lmdb says in a second promise that nobody else waits for; undefined: it was not the commit. */
export async function causeOf (err: unknown): Promise<unknown> {
  return await (err as { commitError?: Promise<never> }).commitError?.catch((reason: unknown) => reason)
}

/** Does what `write` writes in one transaction, and resolves when that is on disk. */
export async function commit (root: RootDatabase, write: () => void): Promise<void> {
  try {
    await root.batch(write)
  } catch (err) {
    throw await causeOf(err) ?? err
  }
}
