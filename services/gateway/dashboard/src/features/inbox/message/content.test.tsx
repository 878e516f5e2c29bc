import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import { beforeAll, expect, test } from 'vitest'
import { readContent } from '#shared/meta/content.ts'
import { createQueryClient } from '../../../lib/api/query-client.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { MessageBody } from './content.tsx'

type Json = Record<string, unknown>
interface Webhook {
  entry?: { changes?: { value?: { messages?: Json[]; message_echoes?: Json[] } }[] }[]
}

const webhooks = import.meta.glob<Webhook>('../../../../../../../test/fixtures/webhooks/*.json', {
  eager: true,
  import: 'default',
})

/** Every message of the webhook fixtures, with the file that it stands in. */
const messages = Object.entries(webhooks).flatMap(([path, body]) => {
  const file = path.split('/').at(-1)
  const values = (body.entry ?? []).flatMap(({ changes }) => (changes ?? []).map(({ value }) => value ?? {}))
  return values.flatMap(value => [
    ...(value.messages ?? []).map(message => [file, 'INBOUND', message] as const),
    ...(value.message_echoes ?? []).map(message => [file, 'OUTBOUND', message] as const),
  ])
})

beforeAll(() => loadTexts('features/inbox/message'))

function show(message: Parameters<typeof MessageBody>[0]['message']) {
  return render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={createQueryClient()}>
        <MessageBody message={message} />
      </QueryClientProvider>
    </I18nProvider>,
  ).container
}

test('there are messages of every kind', () => {
  expect(messages.length).toBeGreaterThanOrEqual(60)
})

test.for(messages)('%s shows something', ([, direction, json]) => {
  const { type, content } = readContent(json)
  const { text, data } = content
  const media = content.media && {
    ...{ id: 'm', mimeType: content.media.mimeType, filename: content.media.filename, size: 1000 },
    ...{ state: 'PENDING' as const, problem: null, hasThumbnail: false },
  }
  const shown = show({ type, direction, content: { text, media, template: null, data }, revokedAt: null, emptiedAt: null })
  expect(shown.textContent?.trim()).not.toBe('')
})

test('what people wrote stays text, whatever it looks like', () => {
  const evil = '<img src=x onerror=alert(1)> <script>alert(1)</script> javascript:alert(1)'
  const plain = { media: null, template: null, data: null }
  const shown = show({ type: 'text', direction: 'INBOUND', content: { ...plain, text: evil }, revokedAt: null, emptiedAt: null })
  expect(shown.textContent).toBe(evil)
  expect(shown.querySelector('img, script, a')).toBeNull()
  const data = [{ name: { formatted_name: evil }, phones: [{ phone: evil }] }]
  const card = show({
    type: 'contacts',
    direction: 'INBOUND',
    content: { ...plain, text: null, data },
    revokedAt: null,
    emptiedAt: null,
  })
  expect(card.querySelector('img, script, a')).toBeNull()
})

test('a handover says who answers from there on, and what the other app noted', () => {
  const handover = (data: object) =>
    show({
      type: 'handover',
      direction: 'INBOUND',
      content: { text: null, media: null, template: null, data },
      revokedAt: null,
      emptiedAt: null,
    })
  expect(handover({ owner: 'other', newRole: 'escalation', note: 'Call back' }).textContent).toMatch(
    /^Another app .*\(escalation\)Call back$/,
  )
  expect(handover({ owner: 'platform', newRole: null, note: null }).textContent).toMatch(/^The conversation was handed back/)
})

test('what was taken back is not shown', () => {
  const content = { text: 'secret', media: null, template: null, data: null }
  const shown = show({ type: 'text', direction: 'INBOUND', content, revokedAt: '2026-11-29T10:00:00.000Z', emptiedAt: null })
  expect(shown.textContent).not.toContain('secret')
})

test('what is no longer kept says so, whatever it was', () => {
  const content = { text: null, media: null, template: null, data: null }
  for (const type of ['text', 'image', 'location', 'contacts', 'interactive', 'template', 'button']) {
    const shown = show({ type, direction: 'INBOUND', content, revokedAt: null, emptiedAt: '2026-11-29T10:00:00.000Z' })
    expect(shown.textContent).toMatch(/no longer kept/)
  }
})
