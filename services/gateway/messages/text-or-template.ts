import type { TemplateToSend } from '#shared/contracts/outbound.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { Caller } from '#shared/http/route.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'
import type { GatewayDeps } from '../deps.ts'
import { refuseOptedOut } from './consent.ts'
import type { MessageInput } from './conversation.ts'
import { filledDraft, findTemplate, templateDraft, textDraft } from './drafts.ts'
import { type Destination, findDestination } from './recipient.ts'
import { knownVariables, type Outgoing, templateNotSet } from './sends.ts'

/** Request of a caller that leaves the choice between text and template to Linko. */
export interface OpenAsk {
  text?: string | undefined
  /** Defaults to `initiateTemplate` of the account. */
  templateName?: string | undefined
  language?: string | undefined
  variables: Record<string, string>
  jobTitle?: string | undefined
  companyName?: string | undefined
}

/**
 * Chooses the text, which is free, while the window is open; in a closed window or without a text the named template or the
 * account's `initiateTemplate`. The window is checked now and at sending, so the template becomes the fallback of the text,
 * unless it could not be sent. @throws ApiError 404, 422
 */
export async function textOrTemplate(
  { store, now }: Pick<GatewayDeps, 'store' | 'now'>,
  { tenantId }: Caller,
  input: MessageInput,
  ask: OpenAsk,
): Promise<Outgoing> {
  const where = await findDestination(store, tenantId, input)
  const first = (await getCachedTenant(store, tenantId)).settings.initiateTemplate
  const { text } = ask
  const maySpare = text !== undefined && windowIsOpen(where.conversation?.windowExpiresAt, now())
  const named = ask.templateName === undefined ? first : nameOf(ask.templateName, ask.language, first)
  const template = named && (await sendable(store, where, named, { ...ask, ...input }).catch(error => spare(error, maySpare)))
  if (text !== undefined)
    return { input: { ...input, ...(template && { fallback: template }) }, compose: async () => textDraft({ text }) }
  if (template === null) throw templateNotSet('initiateTemplate')
  return { input, compose: it => templateDraft(store, it, template) }
}

/** Name and language of the template; the account's own template may be named without its language. */
const nameOf = (name: string, language: string | undefined, own: { name: string; language: string } | null) =>
  language === undefined && own?.name === name ? own : { name, ...(language !== undefined && { language }) }

/** Template with its variables, checked as it would be sent. @throws ApiError 422 */
async function sendable(
  store: Store,
  where: Destination,
  named: { name: string; language?: string },
  ask: Parameters<typeof knownVariables>[2],
): Promise<TemplateToSend> {
  const template = await findTemplate(store, where.client, named)
  refuseOptedOut(where, template)
  const variables = knownVariables(where, template, ask)
  await filledDraft(store, where, template, { variables })
  return { templateId: String(template._id), variables }
}

function spare(error: unknown, maySpare: boolean): null {
  if (maySpare && error instanceof ApiError) return null
  throw error
}
