import { existsSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readEnvironment } from '#shared/process/config.ts'
import { DEMO_USERS } from '../demo/world.ts'
import { linkoDir } from './profiles.ts'
import { PROCESS_NAMES, type Stack, startStack } from './stack.ts'

/**
 * Runs the stack until Ctrl-C. With `--watch` a process restarts when its source files change. @returns the exit code
 */
export async function launch(): Promise<number> {
  const startedAt = Date.now()
  if (process.env.NODE_ENV === 'production')
    throw new Error('`npm start` is the demo. In production, run the image `linko` once per service.')
  readSettings()
  const interrupted = untilInterrupted()
  const starting = startStack({
    profile: 'start',
    envFile: path.join(ROOT, '.linko/demo.env'),
    docker: 'compose',
    watch: process.argv.includes('--watch'),
    report: line => console.log(line),
  })
  const stack = await Promise.race([starting, interrupted.then(() => null)])
  if (stack === null) return 130 // the registry kills the started processes when this one exits

  printTable(stack.env, Date.now() - startedAt)
  await interrupted
  console.log('\nStopping …')
  await stack[Symbol.asyncDispose]()
  console.log('Everything has stopped.')
  return 0
}

/** Reads `.env` into the environment, as a single service does, and resolves old names and `*_FILE` once. */
function readSettings(): void {
  const file = path.join(ROOT, '.env')
  if (existsSync(file)) process.loadEnvFile(file)
  Object.assign(process.env, readEnvironment(process.env, linkoDir('none')))
}

/** Resolves at the first signal. A second one ends this process and its children at once. */
function untilInterrupted(): Promise<void> {
  let signals = 0
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (++signals > 1) process.exit(130)
        resolve()
      })
  })
}

function printTable(env: Stack['env'], tookMs: number): void {
  const addresses: [string, string | undefined][] = [
    ['dashboard', env.DASHBOARD_URL],
    ['REST', `${env.BASE_URL}/api/v1`],
    ['API reference', `${env.BASE_URL}/docs`],
    ['sockets', `${env.SOCKET_URL}/socket.io`],
    ['webhook', env.SIMULATOR_WEBHOOK_URL],
    ['simulator of Meta', env.META_GRAPH_URL],
    ['logs', '.linko/start/logs'],
    ['addresses and secrets', '.linko/demo.env'],
  ]
  const width = Math.max(...DEMO_USERS.map(user => user.email.length)) + 2
  console.log(`\nLinko is ready after ${(tookMs / 1000).toFixed(1)} s (${PROCESS_NAMES.length} processes)\n`)
  for (const [name, address] of addresses) console.log(`  ${name.padEnd(24)}${address}`)
  console.log('\nDemo users\n')
  for (const user of DEMO_USERS) console.log(`  ${user.email.padEnd(width)}${user.password.padEnd(18)}${user.role}`)
  console.log('\n`npm run demo` in a second terminal plays a conversation. Ctrl-C stops everything.')
}
