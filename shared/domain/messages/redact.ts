/** What may be left out of evidence: what was written and sent, and who the customer is. */
export const REDACTIONS = ['content', 'people'] as const
export type Redaction = (typeof REDACTIONS)[number]

/** Stands in place of what was left out. */
export const REDACTED = '[redacted]'

/** What stays of a message's content: that there was a message, of which kind, when, and what became of it. */
const KEPT_OF_MESSAGE = new Set(
  'id from from_user_id to to_user_id recipient recipient_type timestamp type context message_id messaging_product status errors biz_opaque_callback_data'.split(
    ' ',
  ),
)
/** Lists of Meta's webhooks that hold messages. */
const MESSAGE_LISTS = new Set(['messages', 'message_echoes'])
/** Fields of views, requests and webhooks that name a person. */
const NAMES = new Set(
  'from from_user_id to to_user_id recipient_id recipient_user_id wa_id waId user_id userId phone name first_name last_name formatted_name username email contactName contactKey candidateName'.split(
    ' ',
  ),
)

/** Fields whose `name` is not the customer's. */
const NAMED_OTHERWISE = new Set(['template', 'sentBy'])

/** A webhook without what its messages say. Statuses, errors and ids stay. */
export function withoutContent(webhook: unknown): unknown {
  return mapObject(webhook, (key, value) =>
    MESSAGE_LISTS.has(key) && Array.isArray(value) ? value.map(messageWithoutContent) : withoutContent(value),
  )
}

/** A message of a webhook or a request to Meta without what it says; the name and language of a template stay. */
export function messageWithoutContent(message: unknown): unknown {
  return mapObject(message, (key, value) => {
    if (KEPT_OF_MESSAGE.has(key)) return value
    if (key !== 'template' || !isObject(value)) return REDACTED
    return { name: value.name, language: value.language, components: REDACTED }
  })
}

/** What a message's view shows as its content. */
interface ShownContent {
  text: string | null
  media: object | null
  template: { name: string; language: string } | null
  data: unknown
}

/** Content of a message's view without what it says; that there was a file, a template or text stays. */
export function contentWithoutContent({ text, media, template, data }: ShownContent): object {
  return {
    text: text === null ? null : REDACTED,
    media: media && { ...media, filename: REDACTED },
    template: template && { name: template.name, language: template.language, variables: REDACTED },
    data: data === null ? null : REDACTED,
  }
}

/**
 * A value without who the person is: fields that name one, and the given names and numbers wherever else they stand.
 * @param known what is known of the person; parts shorter than three characters are not looked for
 */
export function withoutPeople(value: unknown, known: readonly string[]): unknown {
  const looked = known.filter(part => part.length > 2).toSorted((a, b) => b.length - a.length)
  const clean = (text: string) => looked.reduce((left, part) => left.replaceAll(part, REDACTED), text)
  const walk = (given: unknown, within: string): unknown => {
    if (typeof given === 'string') return clean(given)
    return mapObject(given, (key, inner) => (isOfPerson(key, within) && typeof inner === 'string' ? REDACTED : walk(inner, key)))
  }
  return walk(value, '')
}

/** Whether a field names a person; `within` is the field around it. A template and who answered have a name too. */
const isOfPerson = (key: string, within: string): boolean => NAMES.has(key) && !(key === 'name' && NAMED_OTHERWISE.has(within))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy with each field as `change` makes it; of a list, each of its items; anything else stays. */
function mapObject(value: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(item => mapObject(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(key, inner)]))
}
