import type { SendAny, SendFitting, SendTemplate, SendText } from '#shared/contracts/outbound.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { withFacts } from '#shared/domain/template-defaults.ts'
import { type Caller, callerOf, type Reply } from '#shared/http/route.ts'
import type { TenantDoc } from '#shared/store/documents.ts'
import { findMessageByKey } from '#shared/store/messages.ts'
import { acceptedReply, acceptMessage, type Compose, scheduleOf } from './accept-message.ts'
import { awaitOutcome } from './await-outcome.ts'
import type { GatewayDeps } from './deps.ts'
import { anyDraft, type Draft, filledDraft, findTemplate, templateDraft, textDraft } from './drafts.ts'
import { idempotencyKeyOf, once } from './idempotency.ts'
import type { Destination } from './recipient.ts'
import type { Wish } from './thread.ts'
import { requireClosedWindow, suggestTemplate } from './window.ts'

/** A send as its route got it: the body is checked already. */
export interface SendRequest<Body extends Wish> {
  caller: Caller | null
  body: Body
  /** `idempotency-key` and `prefer` are heeded. */
  headers: Record<string, string | undefined>
  traceparent: string
}

// All of them answer 202 with the view of the message, `jobId` and `warnings`; they throw ApiError 404, 409 KEY_REUSED, 422.

/** A text. @throws ApiError 422 WINDOW_CLOSED with the template that would work */
export const acceptText = (request: SendRequest<SendText>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('text', request, deps, async () => textDraft(request.body))

/** A template that is named. */
export const acceptTemplate = (request: SendRequest<SendTemplate>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('template', request, deps, where => templateDraft(deps.store, where, request.body))

/** Any type in Meta's words. */
export const acceptAny = (request: SendRequest<SendAny>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('any', request, deps, where => anyDraft(deps.store, where, request.body))

/** The template that fits. @throws ApiError 422 WINDOW_OPEN, TEMPLATE_NOT_SET */
export const acceptFitting = (request: SendRequest<SendFitting>, deps: GatewayDeps): Promise<Reply> =>
  acceptOnce('fitting', request, deps, (where, tenant) => fittingDraft(deps, where, tenant, request.body))

/**
 * The named template, else the account's own: to begin with somebody who never wrote, or to go on once the window has closed.
 * Variables that are not given are filled with what is known of the person.
 */
async function fittingDraft(deps: GatewayDeps, where: Destination, tenant: TenantDoc, wish: SendFitting): Promise<Draft> {
  const { client, conversation, contact } = where
  const now = deps.now()
  requireClosedWindow(conversation?.windowExpiresAt, scheduleOf(wish.sendAt, now) ?? now)
  const template = await findTemplate(deps.store, client, namedIn(wish) ?? ownTemplate(where, tenant, wish))
  const candidateName = wish.candidateName ?? conversation?.candidateName ?? contact?.name ?? undefined
  const facts = { candidateName, jobTitle: wish.jobTitle, companyName: wish.companyName }
  return filledDraft(deps.store, where, template, { ...wish, variables: withFacts(template.variables, wish.variables, facts) })
}

function namedIn({ templateId, templateName, language }: SendFitting) {
  if (templateId !== undefined) return { _id: templateId }
  return templateName === undefined ? null : { name: templateName, ...(language && { language }) }
}

function ownTemplate({ conversation }: Destination, tenant: TenantDoc, { language }: SendFitting) {
  const windowExpiresAt = conversation?.windowExpiresAt
  const own = suggestTemplate(tenant, windowExpiresAt)
  if (own) return { name: own.name, language: language ?? own.language }
  const setting = windowExpiresAt ? 'reengageTemplate' : 'initiateTemplate'
  throw new ApiError(422, 'TEMPLATE_NOT_SET', `Name a template, or set ${setting} by PUT /api/v1/settings`)
}

/** Once per Idempotency-Key. The key stays with the message: when its record is gone, the message itself answers a repeat. */
async function acceptOnce(what: string, request: SendRequest<Wish>, deps: GatewayDeps, compose: Compose): Promise<Reply> {
  const caller = callerOf(request)
  const { tenantId } = caller
  const idempotencyKey = idempotencyKeyOf(request.headers)
  const reply = await once(deps, tenantId, idempotencyKey, { what, body: request.body }, async () => {
    const findSent = async () => (idempotencyKey === null ? null : findMessageByKey(deps.store, tenantId, idempotencyKey))
    const sent = await findSent()
    if (sent) return acceptedReply(sent)
    const circumstances = { idempotencyKey, traceparent: request.traceparent }
    try {
      return acceptedReply(await acceptMessage(deps, caller, request.body, compose, circumstances))
    } catch (error) {
      // A try that was thought dead came first after all: its message is the answer.
      const winner = isDuplicateKey(error) ? await findSent() : null
      if (winner === null) throw error
      return acceptedReply(winner)
    }
  })
  return awaitOutcome(request, deps, reply)
}

const isDuplicateKey = (error: unknown) => (error as { code?: unknown }).code === 11_000
