import type { MessageContent, TemplateDoc } from '#shared/model/documents.ts'

/** Content of a message before it is stored. `payload` is the Graph body without recipient and callback data. */
export interface Draft {
  type: string
  content: MessageContent
  payload: Record<string, unknown>
  /** Null for a free-form message, which needs an open window. */
  template: Pick<TemplateDoc, 'category'> | null
}
