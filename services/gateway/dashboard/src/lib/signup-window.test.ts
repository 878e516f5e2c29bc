import { expect, test, vi } from 'vitest'
import { connectionOf, handBack, heardIn } from './signup-window.ts'

const OWN = 'https://linko.example'
const DIALOG = 'https://www.facebook.com'
const ID = '655f00000000000000000001'
const said = (event: string, data: object = {}) => JSON.stringify({ type: 'WA_EMBEDDED_SIGNUP', event, data, version: 4 })

test.for<[string, string, unknown, object | null]>([
  ['the end', DIALOG, said('FINISH', { phone_number_id: '1', waba_id: '2' }), { kind: 'finished' }],
  ['the end without a number', DIALOG, said('FINISH_ONLY_WABA', { waba_id: '2' }), { kind: 'finished' }],
  [
    'the end with the app',
    'https://business.facebook.com',
    said('FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING'),
    { kind: 'finished' },
  ],
  [
    'a step that was left',
    DIALOG,
    said('CANCEL', { current_step: 'PHONE_NUMBER_SETUP' }),
    { kind: 'left', step: 'PHONE_NUMBER_SETUP' },
  ],
  [
    'a failure',
    DIALOG,
    said('CANCEL', { error_message: 'No.', error_code: 524126 }),
    { kind: 'failed', text: 'No.', code: '524126' },
  ],
  [
    'a failure by its older name',
    DIALOG,
    said('ERROR', { error_message: 'No.', error_id: '7' }),
    { kind: 'failed', text: 'No.', code: '7' },
  ],
  ['an object instead of a text', DIALOG, JSON.parse(said('FINISH')), { kind: 'finished' }],
  ['an event of tomorrow', DIALOG, said('PAUSED'), null],
  ['another message of Meta’s', DIALOG, 'cb=f1&domain=linko.example', null],
  ['nothing', DIALOG, null, null],
  ['somebody else', 'https://facebook.com.evil.example', said('FINISH'), null],
  ['somebody without encryption', 'http://www.facebook.com', said('FINISH'), null],
  ['a page that looks like Meta’s', 'https://notfacebook.com', said('FINISH'), null],
  ['our own window', OWN, { kind: 'sign-up-returned', connection: ID }, { kind: 'returned', connection: ID }],
  ['our own window with another id', OWN, { kind: 'sign-up-returned', connection: '../users' }, null],
  ['the return, told by somebody else', DIALOG, { kind: 'sign-up-returned', connection: ID }, null],
])('[ON-10] [ON-26] a message is understood: %s', ([, origin, data, expected]) => {
  expect(heardIn({ origin, data }, OWN, DIALOG)).toEqual(expected)
})

test('[ON-26] the simulator’s dialog is heard where it was opened', () => {
  const simulator = 'http://localhost:4000'
  expect(heardIn({ origin: simulator, data: said('FINISH') }, OWN, simulator)).toEqual({ kind: 'finished' })
  expect(heardIn({ origin: simulator, data: said('FINISH') }, OWN, DIALOG)).toBeNull()
})

test('[ON-26] the address of a dialog says which connection it is for', () => {
  expect(connectionOf(`${DIALOG}/v25.0/dialog/oauth?state=${ID}.abc.def`)).toBe(ID)
  expect(connectionOf(`${DIALOG}/v25.0/dialog/oauth?state=abc`)).toBeNull()
  expect(connectionOf(`${DIALOG}/v25.0/dialog/oauth`)).toBeNull()
})

test('[ON-08] [ON-26] the window tells whoever opened it that the dialog has returned, and closes; a page of its own does not', () => {
  const opener = { postMessage: vi.fn() }
  const close = vi.fn()
  const at = (pathname: string, search: string) => ({ pathname, search, origin: OWN }) as Location
  handBack({ opener: null, close, location: at('/numbers', `?connection=${ID}`) })
  handBack({ opener, close, location: at('/inbox', `?connection=${ID}`) })
  handBack({ opener, close, location: at('/numbers', '') })
  expect([opener.postMessage.mock.calls, close.mock.calls]).toEqual([[], []])
  handBack({ opener, close, location: at('/numbers', `?connection=${ID}&status=success`) })
  expect(opener.postMessage.mock.calls).toEqual([[{ kind: 'sign-up-returned', connection: ID }, OWN]])
  expect(close).toHaveBeenCalledOnce()
  const gone = {
    postMessage() {
      throw new DOMException('gone')
    },
  }
  expect(() => handBack({ opener: gone, close, location: at('/numbers', `?connection=${ID}`) })).not.toThrow()
})
