import { isBlank, isObject, isText, listOf, objectOf } from '../params.ts'
import type { Json } from '../world/world.ts'
import { invalid, required } from './refusals.ts'

interface Kind {
  body: number | null
  header: string[]
  check: (action: Json, interactive: Json) => void
}

const MEDIA_HEADERS = ['text', 'image', 'video', 'document']

/** Rules of each interactive type: maximum length of the body (null = optional), allowed headers, check of the action. */
const KINDS: Record<string, Kind> = {
  button: { body: 1024, header: MEDIA_HEADERS, check: checkButtons },
  list: { body: 4096, header: ['text'], check: checkList },
  cta_url: { body: 1024, header: MEDIA_HEADERS, check: checkUrl },
  product: { body: null, header: [], check: checkProduct },
  product_list: { body: 1024, header: ['text'], check: checkProducts },
  catalog_message: { body: 1024, header: [], check: action => named(action, 'catalog_message') },
  flow: { body: 1024, header: MEDIA_HEADERS, check: checkFlow },
  location_request_message: { body: 1024, header: [], check: action => named(action, 'send_location') },
  address_message: { body: 1024, header: [], check: checkAddress },
  carousel: { body: 1024, header: [], check: checkCarousel },
  request_contact_info: { body: 1024, header: [], check: action => named(action, 'request_contact_info') },
  call_permission_request: { body: null, header: [], check: action => named(action, 'call_permission_request') },
  voice_call: { body: 1024, header: [], check: checkVoiceCall },
}

/** @throws GraphError 100, 131008 or 131009 */
export function checkInteractive(interactive: Json): void {
  const kind = KINDS[String(interactive.type)]
  if (interactive.type === undefined) required("interactive['type']")
  if (!kind) invalid(`interactive['type'] must be one of ${Object.keys(KINDS).join(', ')}`)
  checkBody(interactive, kind)
  checkHeader(interactive, kind)
  const footer = objectOf(interactive.footer).text
  if (interactive.footer !== undefined) length("interactive['footer']['text']", footer, 60)
  if (!isObject(interactive.action)) required("interactive['action']")
  kind.check(objectOf(interactive.action), interactive)
}

function checkBody(interactive: Json, { body: max }: Kind): void {
  const text = objectOf(interactive.body).text
  if (text === undefined && max === null) return
  if (text === undefined) required("interactive['body']['text']")
  length("interactive['body']['text']", text, max ?? 1024)
}

function checkHeader(interactive: Json, kind: Kind): void {
  if (interactive.header === undefined) {
    if (interactive.type === 'product_list') required("interactive['header']")
    return
  }
  const header = objectOf(interactive.header)
  const type = String(header.type)
  if (!kind.header.includes(type)) invalid(`Header of type ${type} is not allowed for interactive type ${interactive.type}`)
  if (type === 'text') length("interactive['header']['text']", header.text, 60)
  if (type === 'text') return
  const media = objectOf(header[type])
  if (media.id === undefined && media.link === undefined) required(`interactive['header']['${type}']`)
}

function checkButtons(action: Json): void {
  const buttons = listOf(action.buttons).map(objectOf)
  count('Buttons', buttons.length, 1, 3)
  const replies = buttons.map(button => objectOf(button.reply))
  for (const [index, reply] of replies.entries()) {
    if (buttons[index]?.type !== 'reply') invalid(`Button ${index + 1} must be of type reply`)
    length('Button id', reply.id, 256)
    length('Button title', reply.title, 20)
  }
  unique(
    'Button ids',
    replies.map(({ id }) => id),
  )
  unique(
    'Button titles',
    replies.map(({ title }) => title),
  )
}

function checkList(action: Json): void {
  length('Button', action.button, 20)
  const sections = listOf(action.sections).map(objectOf)
  count('Sections', sections.length, 1, 10)
  const rows = sections.flatMap(section => listOf(section.rows).map(objectOf))
  count('Total row', rows.length, 1, 10)
  for (const section of sections) {
    if (sections.length > 1 || section.title !== undefined) length('Section title', section.title, 24)
    count('Rows of a section', listOf(section.rows).length, 1, 10)
  }
  for (const row of rows) {
    length('Row id', row.id, 200)
    length('Row title', row.title, 24)
    if (row.description !== undefined) length('Row description', row.description, 72, 0)
  }
  unique(
    'Row ids',
    rows.map(({ id }) => id),
  )
}

function checkUrl(action: Json): void {
  named(action, 'cta_url')
  const parameters = objectOf(action.parameters)
  length('Display text', parameters.display_text, 20)
  if (!isText(parameters.url) || !/^https?:\/\/\S+$/i.test(parameters.url)) invalid('Url is not valid')
}

function checkProduct(action: Json): void {
  for (const name of ['catalog_id', 'product_retailer_id'])
    if (!isText(action[name])) required(`interactive['action']['${name}']`)
}

function checkProducts(action: Json): void {
  if (!isText(action.catalog_id)) required("interactive['action']['catalog_id']")
  const sections = listOf(action.sections).map(objectOf)
  count('Sections', sections.length, 1, 10)
  const products = sections.flatMap(section => listOf(section.product_items).map(objectOf))
  count('Products', products.length, 1, 30)
  if (products.some(({ product_retailer_id: id }) => !isText(id))) required("product_items['product_retailer_id']")
}

function checkFlow(action: Json): void {
  named(action, 'flow')
  const parameters = objectOf(action.parameters)
  if (String(parameters.flow_message_version) !== '3') invalid('flow_message_version must be 3')
  if (!isText(parameters.flow_id) && !isText(parameters.flow_name)) required("parameters['flow_id'] or parameters['flow_name']")
  length('Flow CTA', parameters.flow_cta, 30)
}

function checkVoiceCall(action: Json): void {
  named(action, 'voice_call')
  const { display_text: label, ttl_minutes: ttl, payload } = objectOf(action.parameters)
  if (label !== undefined) length('display_text', label, 20)
  if (ttl !== undefined && !(Number.isInteger(ttl) && Number(ttl) >= 1 && Number(ttl) <= 43_200))
    invalid('ttl_minutes must be between 1 and 43200')
  if (payload !== undefined) length('payload', payload, 512)
}

function checkAddress(action: Json): void {
  named(action, 'address_message')
  if (!isText(objectOf(action.parameters).country)) required("parameters['country']")
}

function checkCarousel(action: Json): void {
  const cards = listOf(action.cards).map(objectOf)
  count('Cards', cards.length, 2, 10)
  for (const card of cards) {
    const text = objectOf(card.body).text
    if (text !== undefined) length('Card body', text, 160)
    if (!isObject(card.action)) required("card['action']")
  }
}

function named(action: Json, name: string): void {
  if (action.name !== name) invalid(`interactive['action']['name'] must be ${name}`)
}

function length(name: string, value: unknown, max: number, min = 1): void {
  const size = isText(value) && !isBlank(value) ? [...value].length : 0
  if (size < min || size > max) invalid(`${name} length invalid. Min length: ${min}, Max length: ${max}`)
}

function count(name: string, value: number, min: number, max: number): void {
  if (value < min || value > max) invalid(`${name} count invalid. Min allowed: ${min}, Max allowed: ${max}`)
}

function unique(name: string, values: unknown[]): void {
  if (new Set(values).size < values.length) invalid(`${name} must be unique`)
}
