import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { TemplateDoc, TenantDoc } from '#shared/model/documents.ts'

/** Template to use in a closed window: `reengageTemplate`, or `initiateTemplate` for a customer who has never written. */
export function suggestTemplate(
  { settings }: Pick<TenantDoc, 'settings'>,
  windowExpiresAt: Date | null | undefined,
): Pick<TemplateDoc, 'name' | 'language'> | null {
  return (windowExpiresAt ? settings.reengageTemplate : settings.initiateTemplate) ?? null
}

/** Refuses free-form messages in a closed window. @throws ApiError 422 WINDOW_CLOSED with the template to use instead */
export function requireOpenWindow(windowExpiresAt: Date | null | undefined, tenant: Pick<TenantDoc, 'settings'>, at: Date): void {
  if (windowIsOpen(windowExpiresAt, at)) return
  const suggestedTemplate = suggestTemplate(tenant, windowExpiresAt)
  const hint = suggestedTemplate ? ` such as ${suggestedTemplate.name} (${suggestedTemplate.language})` : ''
  throw new ApiError(422, 'WINDOW_CLOSED', `The customer has not written in the last 24 hours. Send a template${hint} instead.`, {
    extra: { suggestedTemplate, windowExpiresAt: windowExpiresAt?.toISOString() ?? null },
  })
}

/** Refuses a default template while a text may be sent. @throws ApiError 422 WINDOW_OPEN with the path for texts */
export function requireClosedWindow(windowExpiresAt: Date | null | undefined, at: Date): void {
  if (!windowIsOpen(windowExpiresAt, at)) return
  throw new ApiError(422, 'WINDOW_OPEN', `The customer service window is open. Send a text by POST ${TEXT_PATH}.`, {
    extra: { useInstead: TEXT_PATH, windowExpiresAt: windowExpiresAt?.toISOString() ?? null },
  })
}
export const TEXT_PATH = '/api/v1/messages/text'

export const WindowView = z.object({
  inWindow: z.boolean(),
  windowExpiresAt: z.iso.datetime().nullable(),
  secondsLeft: z.number().int(),
  suggestedTemplate: z.object({ name: z.string(), language: z.string() }).nullable(),
})

/** View of a window: whether free text may be sent now, and the template to use if not. */
export function windowView(
  windowExpiresAt: Date | null,
  tenant: Pick<TenantDoc, 'settings'>,
  now: Date,
): z.infer<typeof WindowView> {
  const inWindow = windowIsOpen(windowExpiresAt, now)
  const secondsLeft = inWindow && windowExpiresAt ? Math.floor((windowExpiresAt.getTime() - now.getTime()) / 1000) : 0
  const suggestedTemplate = inWindow ? null : suggestTemplate(tenant, windowExpiresAt)
  return { inWindow, windowExpiresAt: windowExpiresAt?.toISOString() ?? null, secondsLeft, suggestedTemplate }
}
