import { z } from 'zod'
import { ApiError } from '#shared/domain/errors.ts'
import { windowIsOpen } from '#shared/domain/messages/service-window.ts'
import type { TemplateDoc, TenantDoc } from '#shared/model/documents.ts'

/** The template that would work in a closed window: to go on after a pause, or to begin with somebody who never wrote. */
export function suggestTemplate(
  { settings }: Pick<TenantDoc, 'settings'>,
  windowExpiresAt: Date | null | undefined,
): Pick<TemplateDoc, 'name' | 'language'> | null {
  return (windowExpiresAt ? settings.reengageTemplate : settings.initiateTemplate) ?? null
}

/** Free-form needs an open window at the time of sending. @throws ApiError 422 that names the template that would work */
export function requireOpenWindow(windowExpiresAt: Date | null | undefined, tenant: Pick<TenantDoc, 'settings'>, at: Date): void {
  if (windowIsOpen(windowExpiresAt, at)) return
  const suggestedTemplate = suggestTemplate(tenant, windowExpiresAt)
  const hint = suggestedTemplate ? `; the template ${suggestedTemplate.name} (${suggestedTemplate.language}) would work` : ''
  throw new ApiError(
    422,
    'WINDOW_CLOSED',
    `The customer has not written in the last 24 hours: only a template may be sent${hint}`,
    { extra: { suggestedTemplate, windowExpiresAt: windowExpiresAt?.toISOString() ?? null } },
  )
}

/** Where a text may be sent none of its templates is needed. @throws ApiError 422 that names the call for texts */
export function requireClosedWindow(windowExpiresAt: Date | null | undefined, at: Date): void {
  if (!windowIsOpen(windowExpiresAt, at)) return
  throw new ApiError(422, 'WINDOW_OPEN', `The customer service window is open: send a text by POST ${TEXT_PATH}`, {
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

/** Whether free text may be sent now, and else the template that would work. */
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
