import type { AnyContent, OutboundType, SendText, TemplateToSend } from '#shared/contracts/outbound.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { directSendPayload, fitsDirectSend, MAX_BODY } from '#shared/domain/messages/direct-send.ts'
import { parameterProblems } from '#shared/domain/templates/check.ts'
import { fillTemplate } from '#shared/domain/templates/fill.ts'
import { chooseLanguage, languageMissing } from '#shared/domain/templates/languages.ts'
import { describeProblems } from '#shared/domain/templates/problem.ts'
import type { DirectSend, MessageContent, TemplateDoc } from '#shared/model/documents.ts'
import { newId } from '#shared/model/ids.ts'
import type { Store } from '#shared/store/connect.ts'
import { findTemplatesNamed, getTemplate } from '#shared/store/templates/templates.ts'
import type { Draft } from './draft.ts'
import { headerFile } from './own-media.ts'
import { quotedMessage } from './quotes.ts'
import type { Destination } from './recipient.ts'

export function textDraft({ text, previewUrl }: Pick<SendText, 'text' | 'previewUrl'>): Draft {
  const object = { body: text, ...(previewUrl !== undefined && { preview_url: previewUrl }) }
  return { type: 'text', payload: { type: 'text', text: object }, content: contentOf({ text, data: object }), template: null }
}

/** A free-form draft that goes outside the window too, if its request names a category. */
export const withDirectSend = (draft: Draft, { category, ttlSeconds }: Pick<SendText, 'category' | 'ttlSeconds'>): Draft =>
  category === undefined ? draft : direct(draft, { category, ttlSeconds: ttlSeconds ?? null })

const direct = (draft: Draft, directSend: DirectSend): Draft => ({
  ...draft,
  directSend,
  payload: { ...draft.payload, ...directSendPayload(directSend) },
})

/** New content of a message that is sent by Direct Send, which goes the same way. @throws ApiError 422 DIRECT_SEND_CONTENT */
export function keepDirectSend(draft: Draft, directSend: DirectSend | null | undefined): Draft {
  if (!directSend || draft.template !== null) return draft
  if (!fitsDirectSend(draft.payload))
    throw new ApiError(
      422,
      'DIRECT_SEND_CONTENT',
      `Direct Send takes a text of at most ${MAX_BODY} characters, or a form with reply buttons or a link.`,
    )
  return direct(draft, directSend)
}

/** Draft of any type in Meta's form: its object is sent unchanged. */
export async function anyDraft(
  store: Store,
  destination: Destination,
  body: AnyContent & { identityKeyHash?: string | undefined },
): Promise<Draft> {
  const identity = body.identityKeyHash === undefined ? {} : { recipient_identity_key_hash: body.identityKeyHash }
  if (body.type === 'template') {
    const draft = await metaTemplateDraft(store, destination, body.template)
    return { ...draft, payload: { ...identity, ...draft.payload } }
  }
  const data = body.type === 'reaction' ? await reactionOf(store, destination, body.reaction) : body[body.type]
  const content = contentOf({ text: textOf(body.type, data), media: mediaOf(body.type, data), data })
  return { type: body.type, payload: { ...identity, type: body.type, [body.type]: data }, content, template: null }
}

/** Draft of a template, found by id or by name and language, with its variables filled in. */
export async function templateDraft(
  store: Store,
  destination: Destination,
  input: TemplateToSend,
): Promise<Draft & { template: TemplateDoc }> {
  const by = input.templateId ? { _id: input.templateId } : { name: input.templateName, language: input.language }
  return filledDraft(store, destination, await findTemplate(store, destination.client, by), input)
}

/** @throws ApiError 422 TEMPLATE_VARIABLES */
export async function filledDraft(
  store: Store,
  { client }: Destination,
  template: TemplateDoc,
  input: Pick<TemplateToSend, 'variables' | 'headerMedia'>,
): Promise<Draft & { template: TemplateDoc }> {
  const headerMedia = await headerFile(store, String(client.tenantId), template, input.headerMedia)
  const fill = fillTemplate(template, input.variables, headerMedia)
  if (fill.kind === 'wrong') throw wrongVariables(fill.problems)
  const { name, language } = template
  const object = { name, language: { code: language }, ...(fill.components.length > 0 && { components: fill.components }) }
  const content = contentOf({ text: fill.text, template: { name, language, variables: fill.variables }, data: object })
  return { type: 'template', payload: { type: 'template', template: object }, content, template }
}

async function metaTemplateDraft(
  store: Store,
  { client }: Destination,
  object: NonNullable<AnyContent['template']> | undefined,
): Promise<Draft> {
  if (object === undefined) throw new Error('a message of type template has no template object')
  const template = await findTemplate(store, client, { name: object.name, language: object.language?.code })
  const problems = parameterProblems(template, object.components ?? [])
  if (problems.length > 0) throw wrongVariables(problems)
  const { name, language } = template
  // Meta knows a language only by the spelling of its own list.
  const data = { ...object, language: { ...object.language, code: language } }
  const content = contentOf({ template: { name, language, variables: {} }, data })
  return { type: 'template', payload: { type: 'template', template: data }, content, template }
}

/** Error 422 with the path and the problem of each variable. */
export const wrongVariables = (errors: { path: string; message: string }[]) =>
  new ApiError(422, 'TEMPLATE_VARIABLES', describeProblems(errors), { errors })

/**
 * The approved template of this id, or name and language; the language in any spelling, or left out where only one exists.
 * @throws ApiError 404 for a foreign id, 422 for an unknown name or language, several languages, or a template that cannot be sent
 */
export async function findTemplate(
  store: Store,
  client: Pick<Destination['client'], 'tenantId' | 'wabaId'>,
  by: { _id?: string; name?: string; language?: string | undefined },
): Promise<TemplateDoc> {
  const { tenantId, wabaId } = client
  const { _id, name = '', language } = by
  const template = _id
    ? await getTemplate(store, tenantId, _id)
    : inLanguage(await findTemplatesNamed(store, tenantId, { wabaId, name }), language)
  if (template.wabaId !== wabaId)
    throw new ApiError(
      422,
      'TEMPLATE_UNKNOWN',
      'This template belongs to another WhatsApp Business account. Send it from a number of that account.',
    )
  if (template.status !== 'APPROVED') throw new ApiError(422, 'TEMPLATE_NOT_APPROVED', notSendable(template))
  return template
}

/** @throws ApiError 422 that names the languages that exist */
function inLanguage(named: readonly TemplateDoc[], wanted: string | undefined): TemplateDoc {
  const choice = chooseLanguage(named, wanted)
  if (choice.kind === 'one') return choice.template
  const message = languageMissing(wanted, choice.languages)
  if (choice.kind === 'several')
    throw new ApiError(422, 'TEMPLATE_LANGUAGE_NEEDED', message, { errors: [{ path: 'language', message }] })
  const path = choice.languages.length > 0 ? 'language' : 'templateName'
  throw new ApiError(422, 'TEMPLATE_UNKNOWN', message, { errors: [{ path, message }] })
}

function notSendable({ status, reason }: TemplateDoc): string {
  if (reason === 'ARCHIVED')
    return 'This template is archived at WhatsApp, which deletes it 28 days later. Restore it in WhatsApp Manager to send it.'
  return `This template is ${status.toLowerCase()}. Only an approved template can be sent.`
}

/** Reaction with the wamid that Meta needs; callers may also give Linko's message id. */
async function reactionOf(store: Store, destination: Destination, reaction: { message_id: string; emoji: string } | undefined) {
  const { wamid } = await quotedMessage(store, destination, reaction?.message_id ?? '', 'reaction.message_id')
  return { message_id: wamid, emoji: reaction?.emoji ?? '' }
}

interface Shown {
  body?: string | { text?: string }
  caption?: string
  filename?: string
  name?: string
  address?: string
  emoji?: string
  id?: string
  link?: string
}

/** Text of the content for lists, search and the conversation. */
function textOf(type: OutboundType, data: unknown): string | null {
  if (type === 'contacts') {
    const names = (data as { name: { formatted_name: string } }[]).map(({ name }) => name.formatted_name)
    return names.join(', ') || null
  }
  const { body, caption, filename, name, address, emoji } = data as Shown
  const said = typeof body === 'string' ? body : body?.text
  return said ?? caption ?? filename ?? name ?? address ?? emoji ?? null
}

const MEDIA: readonly OutboundType[] = ['image', 'video', 'audio', 'document', 'sticker']

function mediaOf(type: OutboundType, data: unknown): MessageContent['media'] {
  if (!MEDIA.includes(type)) return null
  const { id = null, link = null, filename = null } = data as Shown
  return {
    id: newId(),
    metaId: id,
    url: link,
    sha256: null,
    mimeType: null,
    filename,
    size: null,
    state: 'PENDING',
  }
}

const contentOf = (own: Partial<MessageContent>): MessageContent => ({
  text: null,
  media: null,
  template: null,
  data: null,
  ...own,
})
