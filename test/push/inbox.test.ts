import t from 'tap'
import { Inbox } from '../../src/push/inbox.ts'

function start () {
  const seen: string[] = []
  const answers: (() => void)[] = []
  const inbox = new Inbox(({ bytes }) => {
    const text = bytes.toString()
    seen.push(text)
    return text.startsWith('slow') ? new Promise<void>((resolve) => { answers.push(resolve) }) : undefined
  }, { maxBytes: 10 })
  const take = (text: string): boolean => inbox.take({ bytes: Buffer.from(text), binary: false })
  const answer = async (): Promise<void> => {
    answers.shift()?.()
    await new Promise(setImmediate)
  }
  return { inbox, seen, take, answer }
}

t.test('messages wait for the answer to the one before them, and keep their order', async (t) => {
  const { seen, take, answer } = start()
  for (const text of ['a', 'slow', 'b', 'slow2', 'c']) t.ok(take(text), text)
  t.strictSame(seen, ['a', 'slow'])
  await answer()
  t.strictSame(seen, ['a', 'slow', 'b', 'slow2'])
  t.ok(take('d'))
  await answer()
  t.strictSame(seen, ['a', 'slow', 'b', 'slow2', 'c', 'd'])
})

t.test('at most so many bytes wait', async (t) => {
  const { seen, take, answer } = start()
  take('slow')
  t.ok(take('12345'))
  t.ok(take('67890'))
  t.notOk(take('x'))
  await answer()
  t.strictSame(seen, ['slow', '12345', '67890'])
  take('slow')
  t.ok(take('1234567890'), 'what was handled waits no more')
})

t.test('what waits for a connection that is over is never handled', async (t) => {
  const { inbox, seen, take, answer } = start()
  take('slow')
  take('late')
  inbox.clear()
  await answer()
  t.strictSame(seen, ['slow'])
})
