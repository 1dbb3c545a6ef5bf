import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
const r = await build({ entryPoints: [process.argv[2] ?? 'src/client/index.ts'], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true })
console.log(r.outputFiles[0].contents.length, gzipSync(r.outputFiles[0].contents).length, Object.keys(r.metafile.inputs))
