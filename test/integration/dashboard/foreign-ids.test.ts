import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { untilTrue } from '#test/support/until.ts'
import {
  type BrowserWorld,
  openBrowserWorld,
  PAGE_MS,
  START_MS,
  seriousFindings,
  signInAs,
  type Visitor,
} from '#test/support/worlds/browser.ts'
import { publishUnreadable, SALMA } from '#test/support/worlds/browser-steps.ts'
import { type Endpoint, startEndpoint } from '#test/support/worlds/subscriptions.ts'

/** A look at every page with an id, as three people. */
const ALL_MS = 900_000
const patience = { timeout: PAGE_MS }
/** Stands in everything that the demo company has here, and in nothing that is not its own. */
const MARK = 'verschwiegen'

let endpoint: Endpoint
let world: BrowserWorld
beforeAll(async () => {
  endpoint = await startEndpoint()
  world = await openBrowserWorld({ EVENT_PRIVATE_ORIGINS: endpoint.origin })
}, START_MS)
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await endpoint?.[Symbol.asyncDispose]()
}, START_MS)

/** What the page says where there is nothing for this person. */
const NOTHING =
  /^(This is not here|This conversation is not here|Your role does not include this|Nothing matches|No message fits\.)$/

/** An address with an id of the demo company. */
interface Address {
  what: string
  /** Of its own company's admin, what the page shows there. Without it, the page says the same to everybody. */
  shows: string | null
  address: string
  /** The page has more than this thing: what is not there leaves the rest as it is. */
  isFilter?: true
}

/** The demo company with one of everything that has an address. */
async function fillCompany(): Promise<Address[]> {
  const ask = (method: string, to: string, body?: object) => world.call('tenant_admin', method, to, body)
  const first = async (to: string) => {
    let row: { id: string } | undefined
    await untilTrue(async () => {
      row = (await ask('GET', to)).data[0]
      return row !== undefined
    })
    return (row as { id: string }).id
  }
  await world.customerWrites(SALMA.waId, `${MARK} text`)
  const [conversation] = (await ask('GET', `/conversations?q=${SALMA.waId}`)).data
  const contactId = conversation.contact.id as string
  await ask('PATCH', `/contacts/${contactId}`, { name: `${MARK} person` })
  const message = await first(`/messages?q=${MARK}`)
  const wamid = (await ask('GET', `/messages/by-id/${message}`)).externalMessageId as string
  const content = { body: `Say ${MARK}.`, submit: false }
  const template = (await ask('POST', '/templates', { name: `${MARK}_t`, language: 'fr', category: 'UTILITY', ...content })).id
  const welcome = (await ask('GET', '/templates?limit=50')).data.find(({ name }: { name: string }) => name === 'welcome')
  const campaign = (await ask('POST', '/campaigns', { name: `${MARK} campaign`, templateId: welcome.id })).id
  const subscription = await ask('POST', '/event-subscriptions', { name: `${MARK} system`, url: endpoint.url, types: [] })
  await publishUnreadable(world, 1, MARK)
  const [number, agent, tenant] = [await first('/clients'), await world.idOf('agent'), await ask('GET', '/auth/me')]
  await ask('POST', `/phone-numbers/${number}/check`, {})
  return [
    { what: 'conversation', shows: `${MARK} text`, address: `/inbox/${conversation.id}?tab=all` },
    { what: 'timeline of a message', shows: 'Received', address: `/inbox/${conversation.id}?message=${message}` },
    { what: 'contact', shows: `${MARK} person`, address: `/contacts?contact=${contactId}` },
    { what: 'campaign', shows: `${MARK} campaign`, address: `/campaigns/${campaign}` },
    { what: 'template that is edited', shows: `Say ${MARK}.`, address: `/templates/${template}/edit` },
    { what: 'business profile of a number', shows: 'Business profile', address: `/numbers/${number}` },
    { what: 'template', shows: `${MARK}.`, address: `/templates?open=${template}` },
    { what: 'dead letter', shows: MARK, address: `/operations?view=letters&open=${await first('/dead-letters')}` },
    {
      what: 'webhook event',
      shows: `${MARK} text`,
      address: `/operations?view=events&open=${encodeURIComponent(await first('/webhook-events'))}`,
    },
    { what: 'message by its id', shows: 'Received', address: `/operations?view=find&q=${message}` },
    { what: 'message by its wamid', shows: 'Received', address: `/operations?view=find&q=${encodeURIComponent(wamid)}` },
    {
      what: 'subscription',
      shows: `${MARK} system`,
      address: `/settings?section=events&open=${subscription.id ?? subscription.subscription.id}`,
    },
    {
      what: 'connection of a number',
      shows: 'Webhooks to this server',
      address: `/numbers?connection=${await first('/connections')}`,
    },
    { what: 'number of a list', shows: `${MARK} text`, address: `/inbox?tab=all&number=${number}` },
    { what: 'colleague of a list', shows: null, address: `/inbox?tab=all&assignee=${agent}` },
    { what: 'figures of a number', shows: null, address: `/analytics?number=${number}`, isFilter: true },
    { what: 'tenant', shows: null, address: `/tenants?open=${tenant.tenantId}` },
  ]
}

/** Answers of the API and events of the sockets that tell what is not this person's, from now on. */
function watchAnswers(page: Page): { leaks: string[]; asked: string[] } {
  const seen = { leaks: [] as string[], asked: [] as string[] }
  const look = (where: string, text: string) => {
    if (text.includes(MARK)) seen.leaks.push(`${where}: ${text.slice(0, 500)}`)
  }
  page.on('response', async response => {
    const { pathname, search } = new URL(response.url())
    if (!pathname.startsWith('/api/')) return
    seen.asked.push(pathname + search)
    look(`${response.status()} ${pathname}${search}`, await response.text().catch(() => ''))
  })
  page.on('websocket', socket => socket.on('framereceived', ({ payload }) => look('socket', String(payload))))
  return seen
}

async function open({ page }: Visitor, { address }: Address): Promise<void> {
  await page.goto(address)
  await page.locator('h1:visible, h2:visible').first().waitFor(patience)
  await untilTrue(async () => (await page.locator('.pulsing:visible').count()) === 0, PAGE_MS)
}

test('15: an admin of another company sees nothing of it by guessed addresses: the page says so, and no answer tells of it', {
  timeout: ALL_MS,
}, async () => {
  const addresses = await fillCompany()
  const own = await world.visit()
  await signInAs(own.page, 'Demo Admin')
  for (const one of addresses.filter(({ shows }) => shows !== null)) {
    await open(own, one)
    const shown = own.page.getByText(one.shows as string).or(own.page.locator(`textarea:has-text("${one.shows}")`))
    await shown.first().waitFor(patience)
  }
  const stranger = await world.visit()
  const seen = watchAnswers(stranger.page)
  await signInAs(stranger.page, 'Other Admin')
  const found: string[] = []
  for (const one of addresses) {
    const before = seen.asked.length
    await open(stranger, one)
    if (!one.isFilter) {
      await stranger.page.getByText(NOTHING).first().waitFor(patience)
      if ((await stranger.page.getByRole('button', { name: 'Try again' }).count()) > 0) found.push(`${one.what}: tried again`)
    }
    for (const finding of await seriousFindings(stranger.page)) found.push(`${one.what}: ${finding}`)
    // A page that nobody may see asks for nothing; all others ask for the id.
    if (one.what !== 'tenant' && seen.asked.length === before) found.push(`${one.what}: nothing was asked`)
  }
  expect(found).toEqual([])
  expect(seen.leaks).toEqual([])
  expect(await stranger.page.getByText(MARK).count()).toBe(0)
  // Refusals are written to the console by the browser itself.
  expect(stranger.problems.filter(problem => !/status of 40[04]/.test(problem))).toEqual([])
})

test('each page whose address has an id is among those that are tried', () => {
  const files = globSync('services/gateway/dashboard/src/features/*/route.ts', { cwd: ROOT })
  const withId = files.flatMap(file =>
    [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/path: '([^']*\$[^']*)'/g)].map(([, address]) => address),
  )
  expect(withId.toSorted()).toEqual([
    ...['/campaigns/$campaignId', '/inbox/{-$conversationId}', '/numbers/$numberId', '/templates/$templateId/edit'],
  ])
})
