import t from 'tap'
import { readSnapshot } from '../../src/store/snapshot.ts'
import { PAGE, rewrite, soundData } from '../fixture/damage.ts'

const copy = soundData(t)

t.test('what somebody begins to write to while it is read is not judged', async (t) => {
  const dataDir = copy(t)
  const commit = (): void => {
    rewrite(dataDir, (bytes) => {
      for (const meta of [0, PAGE]) bytes.writeUInt32LE(bytes.readUInt32LE(meta + 152) + 2, meta + 152)
      return bytes
    })
  }
  await t.rejects(readSnapshot(dataDir, commit), { message: `Somebody began to write to \`${dataDir}/bars.mdb\` meanwhile; try again` })
  t.equal(await readSnapshot(dataDir, ({ pageSize }) => pageSize), PAGE)
})

t.test('an owner that can not be told is none', async (t) => {
  const dataDir = copy(t)
  rewrite(dataDir, (bytes) => bytes.fill(0, 0, 2 * PAGE))
  t.equal(await readSnapshot(dataDir, ({ bytes }) => bytes > 0), true)
})
