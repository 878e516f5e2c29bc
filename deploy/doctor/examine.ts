import { createMetaClient } from '#shared/meta/client.ts'
import type { Logger } from '#shared/process/logger.ts'
import { productionProblems } from '#shared/process/production.ts'
import { readDoctorConfig } from './config.ts'
import { type Finding, failed, ok } from './finding.ts'
import { checkApp, checkClock, checkWebhook } from './meta.ts'
import { checkBroker, checkDatabase, checkRedis } from './servers.ts'

/** Examines an installation by its settings. Nothing is changed: a file is written to the storage and deleted again. */
export async function examine(env: NodeJS.ProcessEnv, log: Logger): Promise<Finding[]> {
  const config = readDoctorConfig(env)
  const { META_GRAPH_URL: baseUrl, META_API_VERSION: version } = config
  await using meta = createMetaClient({ baseUrl, version, connections: 2, timeoutMs: 10_000 })
  const parts = await Promise.all([
    checkSettings(env),
    checkApp(config, meta),
    checkWebhook(config),
    checkClock(config),
    checkBroker(config, log),
    checkDatabase(config, log),
    checkRedis(config, log),
  ])
  return parts.flat()
}

/** What production would refuse to start with, whether this is production or not yet. */
function checkSettings(env: NodeJS.ProcessEnv): Finding {
  const problems = productionProblems({ ...env, NODE_ENV: 'production' }, Object.keys(env))
  if (problems.length === 0) return ok('settings', 'Production takes them.')
  const text = `Production would refuse them: ${problems.map(line => line.trim()).join('; ')}.`
  return env.NODE_ENV === 'production'
    ? failed('settings', text, 'Make secrets with `npm run secrets`: docs/production.md.')
    : { check: 'settings', state: 'skipped', text, cure: 'Before going live: docs/production.md.' }
}
