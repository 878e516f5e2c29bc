import { expect, test } from 'vitest'
import { scrub } from './logger.ts'

test.for([
  ['token EAADemoTenantAToken was refused', 'token [token] was refused'],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'Bearer [jwt]'],
  ['key lk_ab12_s3cr3ts3cr3t', 'key [key]'],
  ['amqp://linko:pa55word@127.0.0.1:5672/', 'amqp://linko:[secret]@127.0.0.1:5672/'],
  ['to +212661000101 failed', 'to …0101 failed'],
  ['phone number id 1054543651068213 stays', 'phone number id 1054543651068213 stays'],
])('scrubs %s', ([line, clean]) => {
  expect(scrub(line as string)).toBe(clean)
})
