import { uncountedAccount } from '../domain/graph-calls.ts'
import type { GraphResult, MetaClient } from './client.ts'
import type { NumberAccess } from './numbers/access.ts'

/** `take`: from another app, for the escalation partner alone. `pass`: to Meta's own agent. `release`: to nobody. */
export type ThreadAction = 'take' | 'pass' | 'release'

/** Changes who answers a customer where several apps of a business do. After an unknown outcome it must not be repeated. */
export function controlThread(
  meta: MetaClient,
  { client, token }: NumberAccess,
  { waId, userId }: { waId: string | null; userId: string | null },
  action: ThreadAction,
): Promise<GraphResult> {
  const body = {
    messaging_product: 'whatsapp',
    ...(waId === null ? { recipient: userId } : { to: `+${waId}` }),
    action,
    ...(action === 'pass' && { control_pass: { target_role: 'ai_agent' } }),
  }
  const path = `${encodeURIComponent(client.phoneNumberId)}/thread_control`
  return meta.graph.post(path, { token, account: uncountedAccount(client), body })
}
