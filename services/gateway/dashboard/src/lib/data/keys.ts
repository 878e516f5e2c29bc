import type { ConversationFilters } from './conversation-list.ts'

/** Keys of everything that is cached, in one place: events find by them what they change. */
export const keys = {
  conversations: ['conversations'] as const,
  conversationLists: ['conversations', 'list'] as const,
  conversationList: (filters: ConversationFilters) => ['conversations', 'list', filters] as const,
  conversationCounts: ['conversations', 'count'] as const,
  conversationCount: (filters: ConversationFilters) => ['conversations', 'count', filters] as const,
  conversation: (id: string) => ['conversations', 'one', id] as const,
  messages: (conversationId: string) => ['messages', conversationId] as const,
  scheduled: (conversationId: string) => ['scheduled', conversationId] as const,
  timeline: (messageId: string) => ['timeline', messageId] as const,
  trace: (messageId: string) => ['trace', messageId] as const,
  notes: (conversationId: string) => ['notes', conversationId] as const,
  labels: ['labels'] as const,
  views: ['views'] as const,
  quickReplies: ['quick-replies'] as const,
  colleagues: ['people', 'names'] as const,
  subscriptions: ['event-subscriptions'] as const,
  numbers: ['numbers'] as const,
  templates: ['templates'] as const,
  campaigns: ['campaigns'] as const,
  spend: ['spend'] as const,
  tenant: ['tenant'] as const,
}
