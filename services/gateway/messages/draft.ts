import type { ProductPolicy } from '#shared/domain/messages/marketing-messages.ts'
import type { DirectSend, MessageContent, TemplateDoc } from '#shared/model/documents.ts'

/** Content of a message before it is stored. `payload` is the Graph body without recipient and callback data. */
export interface Draft {
  type: string
  content: MessageContent
  payload: Record<string, unknown>
  /** Null for a free-form message, which needs an open window unless it is sent by Direct Send. */
  template: Pick<TemplateDoc, 'category' | 'maxPrice'> | null
  directSend?: DirectSend
  /** Set for a template that goes by the Marketing Messages API. */
  marketingMessages?: ProductPolicy
}

/** Category by which a message is priced; null: a reply. */
export const pricedAs = ({ template, directSend }: Draft): string | null => template?.category ?? directSend?.category ?? null
