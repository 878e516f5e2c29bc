import { playConversation } from './conversation.ts'
import { playOnboarding } from './onboarding.ts'
import { fail, readStack } from './steps.ts'

/**
 * `npm run demo`: plays a conversation against the running stack and prints the latency of each step; `npm run demo -- onboarding`
 * brings a new company from nothing to its first message that was read. Exits with 1 when a step fails. A further argument names
 * another file with the stack's addresses.
 */
const [first, second] = process.argv.slice(2)
const isOnboarding = first === 'onboarding'
const env = readStack(isOnboarding ? second : first)
const stack = {
  api: `${env.BASE_URL}/api/v1`,
  simulator: env.META_GRAPH_URL as string,
  sockets: env.SOCKET_URL as string,
}
try {
  await (isOnboarding ? playOnboarding(stack) : playConversation(stack))
  console.log('\nEvery step succeeded.')
} catch (error) {
  fail(`\n${error instanceof Error ? error.message : error}`)
}
