import { z } from 'zod'
import { ConversationView } from '#shared/contracts/views.ts'
import { route } from '#shared/http/route.ts'
import { conversationView } from '#shared/views/views.ts'
import type { GatewayDeps } from '../deps.ts'
import { IdParams } from '../schemas.ts'
import { changeThreadOwner } from './control.ts'

const ThreadOwnerBody = z
  .strictObject({
    owner: z
      .enum(['platform', 'other'])
      .describe(
        '`platform` takes over from another app of the business, which WhatsApp lets the escalation partner do; `other` hands back',
      ),
    role: z
      .literal('ai_agent')
      .optional()
      .describe("With `other`: to Meta's own agent. Without: to nobody, and WhatsApp chooses at the customer's next message"),
  })
  .refine(({ owner, role }) => owner === 'other' || role === undefined, {
    error: 'Only with `owner: other`',
    path: ['role'],
  })

const change = route({
  method: 'put',
  path: '/api/v1/conversations/{id}/control',
  action: 'conversations.threadOwner',
  tag: 'conversations',
  summary: 'Take over a customer whom another app of the business answers, or hand them back (Conversation Routing)',
  params: IdParams,
  body: ThreadOwnerBody,
  returns: ConversationView,
  async handle(request, deps: GatewayDeps) {
    return { body: conversationView(await changeThreadOwner(request, deps, request.body), deps.now()) }
  },
})

export const threadOwnerRoutes = [change]
