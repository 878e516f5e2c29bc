import { type NumberCall, SUCCESS } from '../call.ts'
import { GraphError } from '../graph/errors.ts'
import { isObject, isText } from '../params.ts'
import type { Json } from '../world/world.ts'

const MAX_PROMPTS = 4
const MAX_PROMPT = 80
const MAX_COMMANDS = 30
const EMOJI = /\p{Emoji_Presentation}|\u{FE0F}/u

/** `POST /{phone}/conversational_automation`: replaces the members that are given. */
export function postAutomation({ number, params }: NumberCall): object {
  const { enable_welcome_message: isWelcoming, prompts, commands } = params
  if (prompts !== undefined) checkPrompts(prompts)
  if (commands !== undefined) checkCommands(commands)
  const given = { enable_welcome_message: isWelcoming, prompts, commands }
  const filled = Object.entries(given).filter(([, value]) => value !== undefined)
  if (filled.length === 0) throw new GraphError(100, { details: 'Nothing to change was given.' })
  number.automation = { ...number.automation, ...Object.fromEntries(filled) }
  return SUCCESS
}

function checkPrompts(prompts: unknown): void {
  if (!Array.isArray(prompts) || prompts.length > MAX_PROMPTS)
    throw new GraphError(100, { details: `Param prompts must have at most ${MAX_PROMPTS} elements.` })
  const isWrong = (prompt: unknown) => !isText(prompt) || prompt === '' || prompt.length > MAX_PROMPT || EMOJI.test(prompt)
  if (prompts.some(isWrong))
    throw new GraphError(100, { details: `Param prompts must be texts of at most ${MAX_PROMPT} characters without emoji.` })
}

function checkCommands(commands: unknown): void {
  if (!Array.isArray(commands) || commands.length > MAX_COMMANDS)
    throw new GraphError(100, { details: `Param commands must have at most ${MAX_COMMANDS} elements.` })
  const isComplete = (command: Json) => isText(command.command_name) && isText(command.command_description)
  if (!commands.every(command => isObject(command) && isComplete(command)))
    throw new GraphError(100, { details: 'Param commands must have command_name and command_description.' })
}
