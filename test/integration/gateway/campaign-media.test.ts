import sharp from 'sharp'
import { expect } from 'vitest'
import { DEMO_TENANTS } from '#deploy/demo/world.ts'
import { createSimulator } from '#deploy/simulator/simulator.ts'
import { startSender } from '#services/sender/sender.ts'
import { createSendLimits } from '#shared/limits/send-limits.ts'
import { createMetaClient } from '#shared/meta/client.ts'
import type { ClientDoc, TemplateDoc } from '#shared/model/documents.ts'
import { untilTrue } from '#test/support/until.ts'
import { test } from '#test/support/world.ts'
import { openGateway } from '#test/support/worlds/gateway.ts'
import { keyring, log } from '#test/support/worlds/ingest.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo
const components = [
  { type: 'HEADER', format: 'IMAGE' },
  { type: 'BODY', text: 'Nos offres de la semaine' },
]

test('the header file of a campaign goes to Meta once, whoever and however many get it', { timeout: 240_000 }, async ({
  world,
}) => {
  await using simulator = await createSimulator()
  await using gateway = await openGateway(world)
  const { store, queue, redis, deps } = gateway
  await using meta = createMetaClient({ baseUrl: simulator.url, version: 'v25.0' })
  const limits = (liveSenders: () => number) => createSendLimits({ redis, liveSenders, prefix: `{${store.connection.name}}` })
  const { tenantId } = (await store.raw.clients.findOne({ phoneNumberId })) as ClientDoc
  const template = { tenantId, wabaId, name: 'offers', language: 'fr', category: 'UTILITY', status: 'APPROVED', components }
  await store.models.templates.create([{ ...template, parameterFormat: 'POSITIONAL', variables: [] } as unknown as TemplateDoc])
  simulator.template({ wabaId, name: 'offers', language: 'fr', category: 'UTILITY', status: 'APPROVED', components })
  await using _sender = await startSender({ store, queue, meta, keyring, storage: deps.storage, log, limits })

  const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  const authorization = `Bearer ${await gateway.tokenFor('manager')}`
  const init = { method: 'POST', headers: { authorization, 'content-type': 'image/png' }, body: new Uint8Array(picture) }
  const { id } = (await (await fetch(`${gateway.url}/api/v1/media`, init)).json()) as { id: string }
  const call = async (path: string, body: object) =>
    await gateway.call('POST', `/api/v1/campaigns${path}`, { as: 'manager', body })
  const recipients = Array.from({ length: 150 }, (_, i) => ({ to: `+2126610${String(i).padStart(5, '0')}` }))
  const input = { name: 'Offers', templateName: 'offers', language: 'fr', recipients }
  const unknown = await call('', { ...input, headerMedia: { id: 'a'.repeat(24) } })
  expect([unknown.status, unknown.body.errors]).toMatchObject([422, [{ path: 'headerMedia.id' }]])
  const { body: campaign } = await call('', { ...input, headerMedia: { id } })
  const progress = async () => (await gateway.call('GET', `/api/v1/campaigns/${campaign.id}`, { as: 'manager' })).body
  await untilTrue(async () => (await progress()).audience.state === 'READY')
  expect((await call(`/${campaign.id}/start`, {})).status).toBe(202)
  await untilTrue(async () => (await progress()).status === 'DONE', 60_000)

  expect((await progress()).counts).toMatchObject({ recipients: 150, failed: 0 })
  const [uploaded, ...more] = simulator.listMedia().data.filter(one => one.phoneNumberId === phoneNumberId)
  expect(more).toEqual([])
  const { data } = simulator.messages({ phoneNumberId })
  expect(new Set(data.map(({ to }) => to)).size).toBe(150)
  const headers = data.map(({ body }) => (body as { template: { components: object[] } }).template.components[0])
  expect(new Set(headers.map(header => JSON.stringify(header)))).toEqual(
    new Set([JSON.stringify({ type: 'header', parameters: [{ type: 'image', image: { id: uploaded?.id } }] })]),
  )
})
