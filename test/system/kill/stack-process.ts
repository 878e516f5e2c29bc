import path from 'node:path'
import { linkoDir } from '#deploy/local/profiles.ts'
import { startStack } from '#deploy/local/stack.ts'

/**
 * Starts the whole of Linko on private servers in a process of its own, so that all of it can be killed at once: the arguments
 * are the profile and further settings as JSON. Tells its parent the addresses when all is ready, and runs until it is killed.
 */
const [profile = '', settings = '{}'] = process.argv.slice(2)
const stack = await startStack({
  profile,
  envFile: path.join(linkoDir(profile), 'demo.env'),
  docker: 'never',
  extraEnv: {
    RATE_LIMIT_API: '100000000/min',
    RATE_LIMIT_MESSAGES: '100000000/min',
    RATE_LIMIT_AUTH: '100000/min',
    LOG_LEVEL: 'warn',
    INGEST_SPOOL_DIR: path.join(linkoDir(profile), 'spool'),
    ...JSON.parse(settings),
  },
  report: () => undefined,
})
process.send?.(stack.env)
