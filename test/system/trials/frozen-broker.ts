import { setTimeout as sleep } from 'node:timers/promises'
import { outageOf } from './broker-outage.ts'

/** RabbitMQ hangs (SIGSTOP): its connections stay open and nothing answers, so that only heartbeats tell. */
export const run = () =>
  outageOf('frozen-broker', async (broker, ms) => {
    broker.kill('SIGSTOP')
    await sleep(ms)
    return async () => broker.kill('SIGCONT')
  })
