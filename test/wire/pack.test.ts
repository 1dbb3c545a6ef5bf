import t from 'tap'
import fc from 'fast-check'
import { createRequire } from 'node:module'
import { inflateRawSync } from 'node:zlib'
import { type Frame, frameText } from '../../src/wire/frame.ts'
import { packFrames } from '../../src/wire/pack.ts'

// Their types don't have them.
const { PerMessageDeflate, Receiver } = createRequire(import.meta.url)('ws')

/** What a client by other hands reads. */
async function read (bytes: Buffer, windowBits: number): Promise<string[]> {
  const extension = new PerMessageDeflate({})
  extension.accept([{ server_max_window_bits: [String(windowBits)], server_no_context_takeover: [true] }])
  const receiver = new Receiver({ isServer: false, extensions: { 'permessage-deflate': extension } })
  const texts: string[] = []
  receiver.on('message', (data: Buffer) => { texts.push(data.toString()) })
  await new Promise((resolve) => { receiver.end(bytes, resolve) })
  extension.cleanup()
  return texts
}

const anyTexts = fc.array(fc.oneof(fc.string({ maxLength: 300, unit: 'binary' }), fc.nat(40_000).map((length) => '{"time":1767596340000,"open":3105}'.repeat(length / 33))), { minLength: 1, maxLength: 8 })

t.test('compressed frames are what they were, for a client by other hands with the window that is agreed on', async (t) => {
  await fc.assert(fc.asyncProperty(anyTexts, async (texts) => {
    const pieces = packFrames(texts.map((text) => frameText(text)), { batches: false, deflates: true })
    t.strictSame(await read(Buffer.concat(pieces), 9), texts)
  }), { numRuns: 50 })
})

t.test('a frame that would only get longer goes as it is', async (t) => {
  const frame = frameText('{}')
  t.equal(packFrames([frame], { batches: false, deflates: true })[0], frame.bytes)
})

t.test('a frame is compressed once, however many get it', async (t) => {
  const frame = frameText('x'.repeat(200))
  const [[one], [other]] = [1, 2].map(() => packFrames([frame], { batches: false, deflates: true }))
  t.equal(one, other)
  t.ok(one.length < 20)
  t.equal(one[0], 0xc1)
  t.equal(inflateRawSync(Buffer.concat([one.subarray(2), Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 }).toString(), 'x'.repeat(200))
})

t.test('a batch is one frame with all the others in order; one frame is no batch', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(fc.json({ maxDepth: 1 }), { minLength: 2, maxLength: 20 }), fc.boolean(), async (texts, deflates) => {
    const pieces = packFrames(texts.map((text) => frameText(text)), { batches: true, deflates })
    t.equal(pieces.length, 1)
    const [text] = await read(pieces[0], 9)
    t.strictSame(JSON.parse(text), { type: 'batch', frames: texts.map((one) => JSON.parse(one)) })
  }), { numRuns: 50 })
  const long = { text: 'x'.repeat(70_000) }
  const [batch] = packFrames([frameText(JSON.stringify(long)), frameText('{}')], { batches: true, deflates: false })
  t.strictSame(JSON.parse((await read(batch, 9))[0]).frames, [long, {}])
  const frame: Frame = frameText('{"type":"pong"}')
  t.equal(packFrames([frame], { batches: true, deflates: false })[0], frame.bytes)
})
