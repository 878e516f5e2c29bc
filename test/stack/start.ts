import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { DEMO_USERS } from './demo-world.ts'
import { SERVICES, startStack } from './stack.ts'

/** `npm start`: everything, until Ctrl-C. `--watch` starts a service again when its files change. */
const startedAt = Date.now()
const stopped = untilStopped()
const stack = await startStack({
  profile: 'start',
  envFile: path.join(ROOT, '.linko/demo.env'),
  docker: 'compose',
  watch: process.argv.includes('--watch'),
  say: line => console.log(line),
}).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})

const { env } = stack
const addresses = [
  ['REST', `${env.BASE_URL}/api/v1`],
  ['API reference', `${env.BASE_URL}/docs`],
  ['sockets', `${env.SOCKET_URL}/socket.io`],
  ['webhook', env.SIMULATOR_WEBHOOK_URL],
  ['simulator of Meta', env.META_GRAPH_URL],
  ['logs', '.linko/start/logs'],
  ['addresses and secrets', '.linko/demo.env'],
]
const width = Math.max(...DEMO_USERS.map(user => user.email.length)) + 2
console.log(`\nLinko is ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s (${SERVICES.length} processes)\n`)
for (const [what, address] of addresses) console.log(`  ${what?.padEnd(24)}${address}`)
console.log('\nDemo users\n')
for (const user of DEMO_USERS) console.log(`  ${user.email.padEnd(width)}${user.password.padEnd(18)}${user.role}`)
console.log('\n`npm run demo` in a second terminal plays a conversation. Ctrl-C stops everything.')

await stopped
console.log('\nStopping …')
await stack[Symbol.asyncDispose]()
process.exit(0)
