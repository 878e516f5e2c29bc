import { i18n } from '@lingui/core'
import { I18nProvider } from '@lingui/react'
import { act, fireEvent, render, screen } from '@testing-library/react'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { MessageView } from '#shared/contracts/views.ts'
import { loadTexts } from '../../../lib/i18n/i18n.ts'
import { useOutbox } from '../../../lib/outbox/outbox.ts'
import { composerOf } from '../composer/state.ts'
import { MessageTools, quote } from './message-tools.tsx'

const message = (more: Partial<MessageView> = {}) =>
  ({
    ...{
      id: 'm1',
      conversationId: 'c1',
      direction: 'INBOUND',
      type: 'text',
      externalMessageId: 'wamid.1',
      revokedAt: null,
      emptiedAt: null,
      reactions: [],
    },
    content: { text: 'When?', media: null, template: null, data: null },
    ...more,
  }) as unknown as MessageView

beforeAll(() => loadTexts('features/inbox/message'))
beforeEach(() => useOutbox.setState({ entries: [], progress: {} }))

const show = (one: MessageView) =>
  render(
    <I18nProvider i18n={i18n}>
      <ol>
        <li data-message={one.id} tabIndex={-1}>
          <MessageTools message={one} isActive />
        </li>
      </ol>
    </I18nProvider>,
  )
const click = (name: string) => act(() => fireEvent.click(screen.getByRole('button', { name })))

test('the focus goes to the emojis, and back to the message when one was chosen', () => {
  const { container } = show(message())
  click('React')
  expect(document.activeElement?.getAttribute('aria-label')).toBe('React with 👍')
  click('React with 🙏')
  expect(useOutbox.getState().entries).toMatchObject([
    { body: { type: 'reaction', reaction: { message_id: 'm1', emoji: '🙏' } } },
  ])
  expect(document.activeElement).toBe(container.querySelector('li'))
  expect(screen.queryByRole('button', { name: 'React with 🙏' })).toBeNull()
})

test('one’s own reaction can be taken back', () => {
  show(message({ reactions: [{ emoji: '👍', direction: 'OUTBOUND', at: '' }] }))
  click('React')
  expect(screen.getByRole('button', { name: 'React with 👍' }).getAttribute('aria-pressed')).toBe('true')
  click('Take the reaction back')
  expect(useOutbox.getState().entries).toMatchObject([{ body: { reaction: { emoji: '' } } }])
})

test('Esc closes the emojis and sends nothing', () => {
  show(message())
  click('React')
  act(() => fireEvent.keyDown(document.activeElement as Element, { key: 'Escape' }))
  expect(screen.getByRole('button', { name: 'React' })).toBeTruthy()
  expect(useOutbox.getState().entries).toEqual([])
})

test('an answer shows what it answers', () => {
  show(message())
  click('Answer this message')
  expect(composerOf('c1')).toMatchObject({ mode: 'reply', quote: { messageId: 'm1', text: 'When?', isOwn: false } })
})

test.for<[string, Partial<MessageView>]>([
  ['has not reached WhatsApp yet', { externalMessageId: null }],
  ['was taken back', { revokedAt: '2026-11-29T10:00:00.000Z' }],
  ['is no longer kept', { emptiedAt: '2026-11-29T10:00:00.000Z' }],
  ['is a call', { type: 'call' }],
])('what %s can be neither answered nor reacted to', ([, more]) => {
  show(message(more))
  expect(screen.queryByRole('toolbar')).toBeNull()
  expect(quote(message(more))).toBe(false)
})

test('WhatsApp takes reactions on messages of the customer only', () => {
  show(message({ direction: 'OUTBOUND' }))
  expect(screen.getByRole('button', { name: 'Answer this message' })).toBeTruthy()
  expect(screen.queryByRole('button', { name: 'React' })).toBeNull()
})
