import { z } from 'zod'
import { commonEnv, duration, parseEnv, port } from '#shared/process/config.ts'

const simulatorEnv = commonEnv.extend({
  SIMULATOR_PORT: port(4000),
  META_APP_ID: z.string().default('918273645500112'),
  META_APP_SECRET: z.string().default('simulator-app-secret'),
  META_WEBHOOK_VERIFY_TOKEN: z.string().default('simulator-verify-token'),
  SIMULATOR_WEBHOOK_URL: z.url().optional(),
  /** Divides the waits between repeated webhook deliveries. */
  SIMULATOR_RETRY_SPEED: z.coerce.number().positive().default(20),
  /** How receivers of webhooks reach the simulator, when that is not the address it listens on. */
  SIMULATOR_PUBLIC_URL: z.url().optional(),
  /** How long templates are under review. */
  SIMULATOR_REVIEW: duration('2s'),
  /** Tokens, numbers, templates and windows survive a restart in this file; without it they do not. */
  SIMULATOR_STATE_FILE: z.string().optional(),
})

export const readSimulatorConfig = (env: NodeJS.ProcessEnv) => parseEnv(simulatorEnv, env)
