import type { SendAny, SendDefaultTemplate, SendTemplate, SendText } from '#shared/contracts/outbound.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { withFacts } from '#shared/domain/templates/defaults.ts'
import { type Caller, callerOf, type Reply } from '#shared/http/route.ts'
import type { TemplateDoc, TenantDoc } from '#shared/model/documents.ts'
import { isDuplicateKey } from '#shared/store/errors.ts'
import { findMessageByKey } from '#shared/store/inbox/messages.ts'
import type { GatewayDeps } from '../deps.ts'
import { idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { acceptedReply, acceptMessage, type Compose, scheduleOf } from './accept.ts'
import { awaitOutcome } from './await-outcome.ts'
import type { MessageInput } from './conversation.ts'
import type { Draft } from './draft.ts'
import { anyDraft, filledDraft, findTemplate, templateDraft, textDraft, withDirectSend } from './drafts.ts'
import { withMarketingMessages } from './marketing-messages.ts'
import type { Destination } from './recipient.ts'
import { requireClosedWindow, suggestTemplate } from './window.ts'

/** Request of a send route; the body is already validated. */
export interface SendRequest<Body> {
  caller: Caller | null
  body: Body
  /** `idempotency-key` and `prefer` are used. */
  headers: Record<string, string | undefined>
  traceparent: string
}

/** Destination of a send, and the function that builds its content. */
export interface Outgoing {
  input: MessageInput
  compose: Compose
}

// Each of these replies 202 with the view of the message, `jobId` and `warnings`, or throws ApiError 404, 409 KEY_REUSED, 422.

/** Accepts a text. @throws ApiError 422 WINDOW_CLOSED with a suggested template */
export const acceptText = (request: SendRequest<SendText>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('text', request, deps, async () => ({
    input: request.body,
    compose: async () => withDirectSend(textDraft(request.body), request.body),
  }))

/** Accepts a template that the request names. */
export const acceptTemplate = (request: SendRequest<SendTemplate>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('template', request, deps, async () => ({
    input: request.body,
    compose: async where => withMarketingMessages(await templateDraft(deps.store, where, request.body), request.body),
  }))

/** Accepts a message of any type in Meta's form. */
export const acceptAny = (request: SendRequest<SendAny>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('any', request, deps, async () => ({
    input: request.body,
    compose: async where =>
      withMarketingMessages(withDirectSend(await anyDraft(deps.store, where, request.body), request.body), request.body),
  }))

/** Accepts the default template of the settings. @throws ApiError 422 WINDOW_OPEN, TEMPLATE_NOT_SET */
export const acceptDefaultTemplate = (request: SendRequest<SendDefaultTemplate>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('fitting', request, deps, async () => ({
    input: request.body,
    compose: async (where, tenant) =>
      withMarketingMessages(await defaultTemplateDraft(deps, where, tenant, request.body), request.body),
  }))

/**
 * Draft of the named template, else of the account's default: `initiateTemplate` for a customer who has never written,
 * `reengageTemplate` after the window has closed. Missing variables are filled with known facts about the contact.
 */
async function defaultTemplateDraft(
  deps: GatewayDeps,
  where: Destination,
  tenant: TenantDoc,
  input: SendDefaultTemplate,
): Promise<Draft> {
  const { client, conversation } = where
  const now = deps.now()
  requireClosedWindow(conversation?.windowExpiresAt, scheduleOf(input.sendAt, now) ?? now)
  const template = await findTemplate(deps.store, client, namedIn(input) ?? ownTemplate(where, tenant, input))
  return filledDraft(deps.store, where, template, { ...input, variables: knownVariables(where, template, input) })
}

/** Given variables, and known facts about the contact and the job for those that are missing. */
export function knownVariables(
  { conversation, contact }: Destination,
  { variables, category }: TemplateDoc,
  {
    variables: given,
    jobTitle,
    companyName,
    ...input
  }: Pick<SendDefaultTemplate, 'variables' | 'candidateName' | 'jobTitle' | 'companyName'>,
): Record<string, string> {
  // The first variable of an authentication template is its code, never a name.
  if (category === 'AUTHENTICATION') return given
  const candidateName = input.candidateName ?? conversation?.candidateName ?? contact?.name ?? undefined
  return withFacts(variables, given, { candidateName, jobTitle, companyName })
}

function namedIn({ templateId, templateName, language }: SendDefaultTemplate) {
  if (templateId !== undefined) return { _id: templateId }
  return templateName === undefined ? null : { name: templateName, ...(language && { language }) }
}

function ownTemplate({ conversation }: Destination, tenant: TenantDoc, { language }: SendDefaultTemplate) {
  const windowExpiresAt = conversation?.windowExpiresAt
  const own = suggestTemplate(tenant, windowExpiresAt)
  if (own) return { name: own.name, language: language ?? own.language }
  throw templateNotSet(windowExpiresAt ? 'reengageTemplate' : 'initiateTemplate')
}

export const templateNotSet = (setting: 'initiateTemplate' | 'reengageTemplate') =>
  new ApiError(422, 'TEMPLATE_NOT_SET', `No template is set. Name one, or set \`${setting}\` by PUT /api/v1/settings.`)

/**
 * Accepts a message once per Idempotency-Key. The message also holds the key: when the key's record has expired, a repeat gets
 * the message as its reply.
 * @param what name of the call, so that another call with the same key and body counts as another request
 * @param prepare reads the request; not called for a repeat
 */
export async function acceptOnce(
  what: string,
  request: SendRequest<unknown>,
  deps: GatewayDeps,
  prepare: () => Promise<Outgoing>,
): Promise<Reply> {
  const caller = callerOf(request)
  const { tenantId } = caller
  const idempotencyKey = idempotencyKeyOf(request.headers)
  const reply = await withIdempotencyKey(deps, tenantId, idempotencyKey, { what, body: request.body }, async () => {
    const findSent = async () => (idempotencyKey === null ? null : findMessageByKey(deps.store, tenantId, idempotencyKey))
    const sent = await findSent()
    if (sent) return acceptedReply(sent)
    const circumstances = { idempotencyKey, traceparent: request.traceparent }
    try {
      const { input, compose } = await prepare()
      return acceptedReply(await acceptMessage(deps, caller, input, compose, circumstances))
    } catch (error) {
      // An earlier try that seemed to have died was first after all: the reply is its message.
      const winner = isDuplicateKey(error) ? await findSent() : null
      if (winner === null) throw error
      return acceptedReply(winner)
    }
  })
  return awaitOutcome(request, deps, reply)
}
