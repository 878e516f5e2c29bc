/** Why a person is told of a conversation while Linko is closed in their browser. */
export const PUSH_KINDS = ['message', 'assigned', 'mentioned'] as const
export type PushKind = (typeof PUSH_KINDS)[number]

/**
 * What a browser gets by Web Push, as JSON that the push service cannot read. Without the customer's words: they would stand on the
 * screen of a locked telephone.
 */
export interface PushText {
  v: 1
  kind: PushKind
  conversationId: string
  /** The customer's; null: none is known. */
  name: string | null
}
