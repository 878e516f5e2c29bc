import { readEnvironment } from '#shared/process/config.ts'
import { createLogger } from '#shared/process/logger.ts'
import { untilStopped } from '#shared/process/stop.ts'
import { readSimulatorConfig } from './config.ts'
import { createSimulator } from './simulator.ts'

/** Runs the simulator as a process until a stop signal. */
const config = readSimulatorConfig(readEnvironment())
const log = createLogger('simulator')
await using simulator = await createSimulator({
  host: config.HOST,
  port: config.SIMULATOR_PORT,
  appId: config.META_APP_ID,
  appSecret: config.META_APP_SECRET,
  verifyToken: config.META_WEBHOOK_VERIFY_TOKEN,
  webhookUrl: config.SIMULATOR_WEBHOOK_URL,
  retrySpeed: config.SIMULATOR_RETRY_SPEED,
  reviewMs: config.SIMULATOR_REVIEW,
  publicUrl: config.SIMULATOR_PUBLIC_URL,
  stateFile: config.SIMULATOR_STATE_FILE,
})
log.info({ url: simulator.url, port: simulator.port }, 'simulator started')
await untilStopped()
log.info('simulator stopping')
