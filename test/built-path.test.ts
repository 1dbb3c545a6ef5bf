import t from 'tap'
import { builtPath } from '../src/package.ts'

t.test('what was not built is named, and how to build it', async (t) => {
  t.match(builtPath('package.json'), /package\.json$/)
  t.throws(() => builtPath('dist/nowhere'), { message: /dist\/nowhere`.*`npm run build`/ })
})
