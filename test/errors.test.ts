import t from 'tap'
import { CLOSE_CODES, type ErrorCode, ERRORS, KlineError } from '../src/index.ts'

t.test('an error has the code, its HTTP status and the cause', async (t) => {
  const cause = new Error('disk full')
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const error = new KlineError(code, 'message', { cause })
    t.match(error, { name: 'KlineError', code, statusCode: ERRORS[code].statusCode, message: 'message', cause })
    t.ok(error instanceof Error)
  }
})

t.test('close codes are in the band that tells a client what to do, and fit into a close frame', async (t) => {
  for (const { code, reason, client } of Object.values(CLOSE_CODES)) {
    t.ok(Buffer.byteLength(reason) <= 123)
    if (code < 4000) t.ok([1001, 1011].includes(code))
    else if (code < 4100) t.match(client, /^stops/)
    else if (code < 4200) t.match(client, /^backs off/)
    else t.match(client, /^reconnects at once/)
  }
})
