import { z } from 'zod'
import { commonEnv, duration, parseEnv, port } from '#shared/process/config.ts'

const simulatorEnv = commonEnv.extend({
  NODE_ENV: z.enum(['development', 'test'], 'The simulator does not run in production').default('development'),
  SIMULATOR_PORT: port(4000),
  META_APP_ID: z.string().default('918273645500112'),
  META_APP_SECRET: z.string().default('simulator-app-secret'),
  META_WEBHOOK_VERIFY_TOKEN: z.string().default('simulator-verify-token'),
  SIMULATOR_WEBHOOK_URL: z.url().optional(),
  /** Divides the delays between repeated webhook deliveries. */
  SIMULATOR_RETRY_SPEED: z.coerce.number().positive().default(20),
  /** Address at which receivers of webhooks reach the simulator, when it is not the address it listens on. */
  SIMULATOR_PUBLIC_URL: z.url().optional(),
  /** How long the review of a template takes. */
  SIMULATOR_REVIEW: duration('2s'),
  /** File that keeps tokens, numbers, templates and windows over a restart. */
  SIMULATOR_STATE_FILE: z.string().optional(),
})

export const readSimulatorConfig = (env: NodeJS.ProcessEnv) => parseEnv(simulatorEnv, env)
