import type { Id, MessageDoc } from './documents.ts'

/** A message that has become SENT, by its template. */
export interface TemplateUse {
  tenantId: Id
  clientId: Id
  name: string
  language: string
  at: Date
}

/** None for a message that is no template. */
export function usesOf({ tenantId, clientId, content }: MessageDoc, at: Date): TemplateUse[] {
  const { template } = content
  return template ? [{ tenantId, clientId, name: template.name, language: template.language, at }] : []
}
