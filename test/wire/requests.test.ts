import t from 'tap'
import { parseRequest } from '../../src/wire/requests.ts'

t.test('requests of every kind are taken as they are', async (t) => {
  const requests = [
    { op: 'subscribe', args: ['a.1m'] },
    { op: 'subscribe', id: 'x', args: [], history: 5, closedOnly: true, since: { 'a.1m': { epoch: 'e', seq: 0 } } },
    { op: 'unsubscribe', id: 1, args: ['a.1m'] },
    { op: 'list' },
    { op: 'ping', id: '' },
  ]
  for (const request of requests) t.strictSame(parseRequest(JSON.stringify(request)), request)
})

t.test('a bad request is refused with its id, if it has a good one, and the field', async (t) => {
  const cases: [string, object][] = [
    ['', { id: undefined, code: 'BAD_FRAME', message: /JSON/ }],
    ['null', { code: 'BAD_FRAME', message: /object, got `null`/ }],
    ['"list"', { code: 'BAD_FRAME', message: /object.*string/ }],
    ['{"op":1,"id":"x"}', { id: 'x', code: 'BAD_FRAME', message: /`op`.*`1` \(number\)/ }],
    ['{"op":"toString"}', { code: 'UNKNOWN_OP', message: /subscribe unsubscribe auth list ping.*"toString"/ }],
    ['{"op":"list","id":1.5}', { id: undefined, code: 'BAD_FRAME', message: /`id`/ }],
    ['{"op":"list","id":null}', { id: undefined, code: 'BAD_FRAME', message: /`id`/ }],
    ['{"op":"list","__proto__":{}}', { code: 'BAD_FRAME', message: /__proto__/ }],
    ['{"op":"subscribe","id":9}', { id: 9, code: 'BAD_FRAME', message: /`args`/ }],
    ['{"op":"subscribe","args":["a.1m",1]}', { code: 'BAD_FRAME', message: /`args\.1`.*`1`/ }],
    ['{"op":"subscribe","args":[],"closedOnly":"yes"}', { code: 'BAD_FRAME', message: /`closedOnly`.*"yes"/ }],
    ['{"op":"subscribe","args":[],"history":1.5}', { code: 'BAD_FRAME', message: /`history`.*1\.5/ }],
    ['{"op":"subscribe","args":[],"since":{"a.1m":{"epoch":"e","seq":-1}}}', { code: 'BAD_FRAME', message: /seq.*-1/ }],
    ['{"op":"subscribe","args":[],"since":{"\\n.1m":{}}}', { code: 'BAD_FRAME', message: /epoch/ }],
    ['{"op":"unsubscribe","args":[],"history":1}', { code: 'BAD_FRAME', message: /`history`/ }],
  ]
  for (const [text, expected] of cases) t.match(parseRequest(text), expected, text)
})
