import t from 'tap'
import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'

const MOST_BYTES = 5000

async function bundle (entry: string): Promise<{ files: string[], bytes: number }> {
  const { outputFiles: [{ contents }], metafile } = await build({ entryPoints: [entry], bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', write: false, metafile: true })
  return { files: Object.keys(metafile.inputs), bytes: gzipSync(contents).length }
}

t.test('the client for browsers is small, and nothing but itself', async (t) => {
  const { files, bytes } = await bundle('src/client/index.ts')
  t.strictSame(files.filter((file) => !file.startsWith('src/client/')), [])
  t.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
  t.comment(`${bytes} bytes gzipped`)
})

t.test('an adapter brings nothing along', async (t) => {
  for (const name of ['lightweight-charts', 'klinecharts', 'tradingview']) {
    const entry = `src/client/adapters/${name}.ts`
    t.strictSame((await bundle(entry)).files, [entry])
  }
})
