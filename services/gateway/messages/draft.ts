import type { MessageContent, TemplateDoc } from '#shared/model/documents.ts'

/** What shall be said, by type. `payload` is the Graph body without recipient and callback data. */
export interface Draft {
  type: string
  content: MessageContent
  payload: Record<string, unknown>
  /** null: free-form, which needs an open window. */
  template: Pick<TemplateDoc, 'category'> | null
}
