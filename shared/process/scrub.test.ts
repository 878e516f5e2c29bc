import { expect, test } from 'vitest'
import { scrub } from './scrub.ts'

const WAMID = 'wamid.HBgMMjEyNjYxODg4MTM0FQIAERgSMzJBQ0JGRTc5OTQ5QjA0QTU3AA=='

test.for([
  ['token EAADemoTenantAToken was refused', 'token [token] was refused'],
  ['Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'Bearer [token]'],
  ['authorization: Bearer 4f3c2b1a9988', 'authorization: Bearer [token]'],
  ['?access_token=4f3c2b1a9988&x=1', '?access_token=[secret]&x=1'],
  ['key lk_ab12_s3cr3ts3cr3t', 'key [key]'],
  ['amqp://linko:pa55word@127.0.0.1:5672/', 'amqp://linko:[secret]@127.0.0.1:5672/'],
  ['to +212661000101 failed', 'to …0101 failed'],
  ['to +212-661-000101 failed', 'to …0101 failed'],
  ['to +212 661 00 01 01.', 'to …0101.'],
  ['id:212661000101:', 'id:…0101:'],
  ['212661000101.', '…0101.'],
  ['tel-212661000101-x', 'tel-…0101-x'],
  ['"text 212661000101\\n"', '"text …0101\\n"'],
  ['phone number id 1054543651068213 stays', 'phone number id 1054543651068213 stays'],
  ['id 692adc012345678901234567 stays', 'id 692adc012345678901234567 stays'],
  ['request 550e8400-e29b-41d4-a716-446655440000 stays', 'request 550e8400-e29b-41d4-a716-446655440000 stays'],
  ['at 2026-11-29T11:33:34.123Z on 127.0.0.1:5672', 'at 2026-11-29T11:33:34.123Z on 127.0.0.1:5672'],
] as const)('[F53] %s', ([line, clean]) => {
  expect(scrub(line)).toBe(clean)
})

test('[F53] ids of webhook items show neither a recipient nor the number within the id of a message', () => {
  const shown = scrub(`s:${WAMID}:delivered:1790000000:212661888134:`)
  expect(shown).toBe('s:wamid.…MDRBNTcAA==:delivered:…0000:…8134:'.replace('MDRBNTcAA==', WAMID.slice(-12)))
  expect(Buffer.from(shown, 'base64').toString('latin1')).not.toContain('661888')
})
