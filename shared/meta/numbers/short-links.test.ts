import { expect, test } from 'vitest'
import { fixtureAccess as access, graphCallOf, graphFixture } from '#test/fixtures/graph-calls.ts'
import { askAutomation, readAutomation, setAutomation } from './ice-breakers.ts'
import { askShortLinks, createShortLink, readOneShortLink, readShortLinks } from './short-links.ts'

test('the calls are those that Meta documents', async () => {
  const create = graphFixture('short-link-create')
  const link = { prefilledMessage: 'Bonjour, je postule', format: 'SVG' } as const
  expect(await graphCallOf(meta => createShortLink(meta, access, link))).toEqual(create.call)
  const list = await graphCallOf(meta => askShortLinks(meta, access, { format: 'SVG', after: null }))
  expect(list).toEqual(graphFixture('short-links-list').call)
  expect(await graphCallOf(meta => askAutomation(meta, access))).toEqual(graphFixture('conversational-automation-get').call)
  const automation = readAutomation(graphFixture('conversational-automation-get').answer)
  expect(await graphCallOf(meta => setAutomation(meta, access, automation))).toEqual(
    graphFixture('conversational-automation-set').call,
  )
})

test('short links are read, alone and in a list, and what is none is left out', () => {
  const link = {
    code: '4O4YGZEG3RIVE1',
    prefilledMessage: 'Bonjour, je postule',
    deepLinkUrl: 'https://wa.me/message/4O4YGZEG3RIVE1',
  }
  const shown = { ...link, qrImageUrl: 'https://scontent.example/qr?code=4O4YGZEG3RIVE1' }
  const { answer } = graphFixture('short-link-create')
  expect(readOneShortLink(answer)).toEqual(shown)
  expect(readOneShortLink({ data: [answer] })).toEqual(shown)
  expect(readOneShortLink({ data: [] })).toBeNull()
  expect(readShortLinks(graphFixture('short-links-list').answer)).toEqual({ links: [shown], after: null })
  const next = { paging: { next: 'https://graph.example', cursors: { after: 'b' } } }
  expect(readShortLinks({ data: [{ code: 'A' }, null], ...next })).toEqual({ links: [], after: 'b' })
})

test('an automation that was never set is empty, and ids beside commands are not sent back', () => {
  expect(readAutomation({ id: '1' })).toEqual({ prompts: [], others: {} })
  const commands = [{ command_name: 'cv', command_description: 'Send a CV', id: '7' }]
  expect(readAutomation({ conversational_automation: { commands } }).others).toEqual({
    commands: [{ command_name: 'cv', command_description: 'Send a CV' }],
  })
})
