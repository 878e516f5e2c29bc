/** Reads Meta's own object of a message, which may hold anything: what is not as expected is left out. */
type Json = Record<string, unknown>

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : [])
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null

export interface Place {
  name: string | null
  address: string | null
  /** `33.5731, -7.5898`; null when it has no coordinates. */
  coordinates: string | null
}

export function readPlace(data: unknown): Place {
  const { name, address, latitude, longitude } = objectOf(data)
  const [lat, long] = [Number(latitude ?? Number.NaN), Number(longitude ?? Number.NaN)]
  const isPlace = Math.abs(lat) <= 90 && Math.abs(long) <= 180
  return { name: textOf(name), address: textOf(address), coordinates: isPlace ? `${lat}, ${long}` : null }
}

export interface Card {
  name: string
  company: string | null
  phones: string[]
  emails: string[]
}

export const readCards = (data: unknown): Card[] =>
  listOf(data).map(({ name, org, phones, emails }) => ({
    name: textOf(objectOf(name).formatted_name) ?? '',
    company: textOf(objectOf(org).company),
    phones: listOf(phones).flatMap(({ phone, wa_id }) => textOf(phone) ?? textOf(wa_id) ?? []),
    emails: listOf(emails).flatMap(({ email }) => textOf(email) ?? []),
  }))

export interface Order {
  note: string | null
  items: { id: string; quantity: number; price: number | null; currency: string | null }[]
  /** Null when a price or the currency is not known. */
  total: { amount: number; currency: string } | null
}

export function readOrder(data: unknown): Order {
  const { text, product_items } = objectOf(data)
  const items = listOf(product_items).map(({ product_retailer_id, quantity, item_price, currency }) => ({
    id: textOf(product_retailer_id) ?? '?',
    quantity: Number(quantity) || 0,
    price: item_price === undefined || item_price === null || Number.isNaN(Number(item_price)) ? null : Number(item_price),
    currency: textOf(currency),
  }))
  const [first] = items
  const isKnown = first?.currency && items.every(({ price, currency }) => price !== null && currency === first.currency)
  const amount = items.reduce((sum, { price, quantity }) => sum + (price ?? 0) * quantity, 0)
  return { note: textOf(text), items, total: isKnown ? { amount, currency: first.currency as string } : null }
}

export interface Handover {
  /** Who answers from then on. */
  owner: 'platform' | 'other'
  /** Role of the new owner in Meta's words. */
  role: string | null
  /** What the other app wrote for its colleagues. */
  note: string | null
}

export function readHandover(data: unknown): Handover {
  const { owner, newRole, note } = objectOf(data)
  return { owner: owner === 'other' ? 'other' : 'platform', role: textOf(newRole), note: textOf(note) }
}

export interface Choice {
  header: string | null
  body: string | null
  footer: string | null
  /** The word on the button that opens the list. */
  opens: string | null
  options: { title: string; description: string | null }[]
}

/** What we asked: a message with buttons or a list. */
export function readChoice(data: unknown): Choice {
  const { header, body, footer, action } = objectOf(data)
  const { buttons, sections, button, name, parameters } = objectOf(action)
  const rows = listOf(sections).flatMap(section => listOf(section.rows))
  const single = textOf(objectOf(parameters).display_text) ?? textOf(objectOf(parameters).flow_cta) ?? textOf(name)
  return {
    header: textOf(objectOf(header).text),
    body: textOf(objectOf(body).text),
    footer: textOf(objectOf(footer).text),
    opens: textOf(button),
    options: [
      ...listOf(buttons).flatMap(one => option(textOf(objectOf(one.reply).title), null)),
      ...rows.flatMap(row => option(textOf(row.title), textOf(row.description))),
      ...(single && !buttons && rows.length === 0 ? option(single, null) : []),
    ],
  }
}

const option = (title: string | null, description: string | null) => (title === null ? [] : [{ title, description }])

/** What the customer answered: the chosen row's description, or the fields of a form. */
export interface Reply {
  description: string | null
  fields: [name: string, value: string][]
}

export function readReply(data: unknown): Reply {
  const { list_reply, nfm_reply } = objectOf(data)
  return { description: textOf(objectOf(list_reply).description), fields: formOf(objectOf(nfm_reply).response_json) }
}

function formOf(json: unknown): [string, string][] {
  if (typeof json !== 'string') return []
  try {
    const given = Object.entries(objectOf(JSON.parse(json))).filter(([name]) => name !== 'flow_token')
    return given.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  } catch {
    return []
  }
}

export interface Call {
  /** `completed`, `missed`, `rejected`, or one that this page does not know. */
  state: string | null
  durationMs: number | null
}

export function readCall(data: unknown): Call {
  const { state, durationS } = objectOf(data)
  return { state: textOf(state), durationMs: typeof durationS === 'number' ? durationS * 1000 : null }
}

/** The ad or post that somebody came from. */
export interface Referral {
  headline: string | null
  body: string | null
  /** An address of the web; anything else is none. */
  url: string | null
}

export function readReferral(referral: unknown): Referral | null {
  const { headline, body, source_url } = objectOf(referral)
  const url = textOf(source_url)
  if (referral === null || referral === undefined) return null
  return { headline: textOf(headline), body: textOf(body), url: url !== null && /^https?:\/\//.test(url) ? url : null }
}
