import neostandard, { plugins, resolveIgnoresFromGitignore } from 'neostandard'

const outside = ['fastify', 'fastify/*', '@fastify/*', 'fastify-plugin', 'ws', 'prom-client', '**/plugins/**', '**/routes/**']
const edges = ['src/index.ts', 'src/assemble.ts', 'src/serve.ts', 'src/supervisor.ts', 'src/warm-up.ts', 'src/server.ts', 'src/client/node.ts', 'src/cli.ts', 'src/cli/**']

export default [
  ...neostandard({ ts: true, ignores: resolveIgnoresFromGitignore() }),
  {
    rules: { '@stylistic/comma-dangle': 'off' },
  },
  {
    // The first law of the house: src/ knows neither Fastify nor ws.
    files: ['src/**'],
    ignores: edges,
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: outside, message: 'src/ knows none of Fastify, ws and prom-client' }] }] },
  },
  {
    // Arrows point one way: market ← store ← push, market ← wire ← push.
    files: ['src/market/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: [...outside, '../store/*', '../push/*', '../wire/*', '../log/*'], message: 'market/ knows prices and time only' }] }] },
  },
  {
    files: ['src/store/**', 'src/log/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: [...outside, '../push/*', '../wire/*'], message: 'store/ and log/ know nothing of push/ and wire/' }] }] },
  },
  {
    files: ['src/wire/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: [...outside, '../push/*', '../log/*'], message: 'wire/ knows nothing of push/' }] }] },
  },
  {
    // The page is a user of the client, as others are.
    files: ['src/page/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\.|lightweight-charts$)|^\\.\\./(?!client/)', message: 'page/ knows client/ and the chart' }] }] },
  },
  {
    // The client runs in browsers: of the rest it knows the types only, and nothing of Node or of a package.
    files: ['src/client/**'],
    ignores: ['src/client/node.ts'],
    plugins: { '@typescript-eslint': plugins['typescript-eslint'].plugin },
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setImmediate', 'global'],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex: '^[^.]', message: 'client/ knows neither Node nor packages' }, { regex: '^(\\.\\./)+(errors|clock|market|wire|push|store|log|cli)\\b', allowTypeImports: true, message: 'client/ knows the types of the rest only' }] }],
    },
  },
]
