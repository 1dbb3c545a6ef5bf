import t from 'tap'
import { subnetOf } from '../../src/push/subnet.ts'

t.test('an address of IPv4 is its own, one of IPv6 that of the customer', async (t) => {
  const cases = {
    '10.0.0.1': '10.0.0.1',
    '::ffff:10.0.0.1': '10.0.0.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:0DB8:0001:0002::9': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    'a socket': 'a socket',
  }
  for (const [address, subnet] of Object.entries(cases)) t.equal(subnetOf(address), subnet, address)
})
