import type { GraphResult, MetaClient } from '../client.ts'
import { isObject, listOf, text } from '../json.ts'
import { edgeOf, type NumberAccess, signed } from './access.ts'

const EDGE = 'conversational_automation'

/** What Meta does by itself in chats with a number; Meta replaces all of it at once. */
export interface ConversationalAutomation {
  /** Ice breakers: questions that a customer can send by a tap. */
  prompts: string[]
  /** What Meta has beside them, as it says it. */
  others: { enable_welcome_message?: boolean; commands?: unknown[] }
}

/** Requests the conversational automation of a number. */
export const askAutomation = (meta: MetaClient, access: NumberAccess): Promise<GraphResult> =>
  meta.graph.get(edgeOf(access), { ...signed(access), query: { fields: EDGE } })

/** Replaces the conversational automation of a number. */
export const setAutomation = (
  meta: MetaClient,
  access: NumberAccess,
  { prompts, others }: ConversationalAutomation,
): Promise<GraphResult> => meta.graph.post(edgeOf(access, EDGE), { ...signed(access), body: { ...others, prompts } })

/** The conversational automation in Meta's answer; empty where none was set. */
export function readAutomation(data: Record<string, unknown>): ConversationalAutomation {
  const found = isObject(data[EDGE]) ? data[EDGE] : {}
  const { enable_welcome_message: isWelcoming, commands } = found
  return {
    prompts: listOf(found.prompts).flatMap(prompt => text(prompt) ?? []),
    others: {
      ...(typeof isWelcoming === 'boolean' && { enable_welcome_message: isWelcoming }),
      ...(Array.isArray(commands) && { commands: commands.filter(isObject).map(commandOf) }),
    },
  }
}

/** A command as Meta takes it, without an id that it may have beside. */
const commandOf = ({ command_name, command_description }: Record<string, unknown>) => ({ command_name, command_description })
