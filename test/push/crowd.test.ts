import t from 'tap'
import { Crowd } from '../../src/push/crowd.ts'

t.test('each limit holds at its number, is named by its code, and a place that is left is free again', async (t) => {
  const crowd = new Crowd({ maxConnections: 4, maxConnectionsPerAddress: 2, maxConnectionsPerIdentity: 2 })
  crowd.enter({ address: 'a', identity: 'x' })
  crowd.enter({ address: 'b', identity: 'x' })
  t.equal(crowd.refusal({ address: 'a' }), undefined)
  t.match(crowd.refusal({ address: 'c', identity: 'x' }), { code: 'KLP_ERR_TOO_MANY_OF_IDENTITY', message: /`x` has 2/ })
  crowd.enter({ address: 'a' })
  t.match(crowd.refusal({ address: 'a', identity: 'y' }), { code: 'KLP_ERR_TOO_MANY_OF_ADDRESS', message: /`a` has 2/ })
  crowd.enter({})
  t.match(crowd.refusal({}), { code: 'KLP_ERR_TOO_MANY_CONNECTIONS', message: /4 connections/ })
  crowd.leave({})
  crowd.leave({ address: 'a', identity: 'x' })
  t.equal(crowd.refusal({ address: 'a', identity: 'x' }), undefined)
})

t.test('who says later who it is counts from then on', async (t) => {
  const crowd = new Crowd({ maxConnections: 9, maxConnectionsPerAddress: Infinity, maxConnectionsPerIdentity: 1 })
  crowd.enter({ address: 'a' })
  crowd.enter({ address: 'b' })
  t.equal(crowd.identify('x'), undefined)
  t.match(crowd.identify('x'), { code: 'KLP_ERR_TOO_MANY_OF_IDENTITY' })
  crowd.leave({ address: 'a', identity: 'x' })
  t.equal(crowd.identify('x'), undefined)
})
