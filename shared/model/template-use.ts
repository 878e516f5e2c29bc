import type { Id, MessageDoc } from './documents.ts'

/** Use of a template by a message that became SENT. */
export interface TemplateUse {
  tenantId: Id
  clientId: Id
  name: string
  language: string
  at: Date
}

/** Template uses of a message; empty for one without a template. */
export function usesOf({ tenantId, clientId, content }: MessageDoc, at: Date): TemplateUse[] {
  const { template } = content
  return template ? [{ tenantId, clientId, name: template.name, language: template.language, at }] : []
}
