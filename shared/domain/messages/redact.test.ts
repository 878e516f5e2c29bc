import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../process/config.ts'
import { messageWithoutContent, REDACTED, withoutContent, withoutPeople } from './redact.ts'

const FOLDER = path.join(ROOT, 'test/fixtures/webhooks')
const fixtures = readdirSync(FOLDER)
  .filter(name => name.endsWith('.json'))
  .map(name => [name, JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'))] as const)

const webhookOf = (message: object) => ({ entry: [{ changes: [{ field: 'messages', value: { messages: [message] } }] }] })

test('[15] a message without its content keeps that it was there, and nothing of what it says', () => {
  const message = {
    ...{ id: 'wamid.1', from: '212661000101', timestamp: '1', type: 'text', context: { id: 'wamid.0' } },
    text: { body: 'Bonjour' },
    newer_field: { note: 'Bonjour' },
  }
  const kept = { id: 'wamid.1', from: '212661000101', timestamp: '1', type: 'text', context: { id: 'wamid.0' } }
  expect(withoutContent(webhookOf(message))).toEqual(webhookOf({ ...kept, text: REDACTED, newer_field: REDACTED }))
})

test('[15] statuses, errors and ids of a webhook stay as they came', () => {
  const value = { statuses: [{ id: 'wamid.1', status: 'failed', errors: [{ code: 131026, title: 'Undeliverable' }] }] }
  expect(withoutContent({ entry: [{ changes: [{ value }] }] })).toEqual({ entry: [{ changes: [{ value }] }] })
})

test('[15] no text of any message of the fixtures is left', () => {
  const texts = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => [
      ...(['body', 'caption', 'filename', 'emoji', 'response_json', 'sha256'].includes(key) && typeof inner === 'string'
        ? [inner]
        : []),
      ...texts(inner),
    ])
  }
  const left = fixtures.flatMap(([name, webhook]) => {
    const redacted = JSON.stringify(withoutContent(webhook))
    const values = (webhook.entry ?? []).flatMap(({ changes = [] }: { changes?: { value?: object }[] }) => changes)
    const said = texts(values.flatMap(({ value = {} }: { value?: Record<string, unknown> }) => value.messages ?? []))
    return said.filter(text => text.length > 3 && redacted.includes(JSON.stringify(text))).map(text => `${name}: ${text}`)
  })
  expect(fixtures.length).toBeGreaterThan(100)
  expect(left).toEqual([])
})

test('[15] of a request the template’s name and language stay', () => {
  const template = { name: 'welcome', language: { code: 'fr' }, components: [{ type: 'body', parameters: ['Salma'] }] }
  expect(messageWithoutContent({ messaging_product: 'whatsapp', to: '212661000101', type: 'template', template })).toEqual({
    ...{ messaging_product: 'whatsapp', to: '212661000101', type: 'template' },
    template: { name: 'welcome', language: { code: 'fr' }, components: REDACTED },
  })
})

test('[15] a person is left out by field, and by name and number wherever they stand', () => {
  const value = {
    contacts: [{ wa_id: '212661000101', profile: { name: 'Salma' } }],
    text: 'Salma Idrissi, +212661000101',
    count: 3,
    statuses: [{ recipient_id: '33600000103', id: 'wamid.1' }],
    template: { name: 'welcome', language: 'fr' },
    sentBy: { kind: 'user', name: 'Nadia' },
  }
  expect(withoutPeople(value, ['Salma', 'Salma Idrissi', '212661000101', ''])).toEqual({
    contacts: [{ wa_id: REDACTED, profile: { name: REDACTED } }],
    text: `${REDACTED}, +${REDACTED}`,
    count: 3,
    statuses: [{ recipient_id: REDACTED, id: 'wamid.1' }],
    template: { name: 'welcome', language: 'fr' },
    sentBy: { kind: 'user', name: 'Nadia' },
  })
})
