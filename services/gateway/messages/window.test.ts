import { expect, test } from 'vitest'
import { requireClosedWindow, requireOpenWindow, suggestTemplate } from './window.ts'

const initiateTemplate = { name: 'hello', language: 'fr' }
const reengageTemplate = { name: 'again', language: 'fr' }
const END = new Date('2026-11-20T09:00:00Z')
const tenant = (own: object = { initiateTemplate, reengageTemplate }) =>
  ({ settings: own }) as Parameters<typeof suggestTemplate>[0]

test('suggests initiateTemplate for a customer who never wrote and reengageTemplate for one who did', () => {
  expect(suggestTemplate(tenant(), null)).toEqual(initiateTemplate)
  expect(suggestTemplate(tenant(), END)).toEqual(reengageTemplate)
  expect(suggestTemplate(tenant({}), END)).toBeNull()
})

test.for<[number, boolean]>([
  [-1, true],
  [0, false],
  [1, false],
])('%d ms from the end of the window free text is allowed: %s', ([ms, isOpen]) => {
  const at = new Date(END.getTime() + ms)
  const check = () => requireOpenWindow(END, tenant(), at)
  if (isOpen) expect(check).not.toThrow()
  else
    expect(check).toThrow(
      expect.objectContaining({
        status: 422,
        errorCode: 'WINDOW_CLOSED',
        extra: { suggestedTemplate: reengageTemplate, windowExpiresAt: END.toISOString() },
      }),
    )
})

test('names no template when the tenant has set none', () => {
  const check = () => requireOpenWindow(null, tenant({}), END)
  expect(check).toThrow(expect.objectContaining({ extra: { suggestedTemplate: null, windowExpiresAt: null } }))
})

test('refuses a default template while the window is open', () => {
  const at = (ms: number) => () => requireClosedWindow(END, new Date(END.getTime() + ms))
  expect(at(-1)).toThrow(expect.objectContaining({ status: 422, errorCode: 'WINDOW_OPEN' }))
  expect(at(-1)).toThrow('POST /api/v1/messages/text')
  expect(at(0)).not.toThrow()
  expect(() => requireClosedWindow(null, END)).not.toThrow()
})
