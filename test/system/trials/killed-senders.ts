import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '#test/load/child.ts'
import { createSenderWorld } from '#test/load/sender-world.ts'
import type { Facts } from '../trial.ts'
import { deadLetters } from './faults.ts'
import { checkSent, openSending } from './sending.ts'

const SENDERS = 3
const NUMBERS = 10
const RATE = 80
const SECONDS = Number(process.env.TRIAL_SECONDS ?? 60)
const KILL_EVERY_MS = 5000
const PATIENCE_MS = 300_000

/** Three senders at the full rate of ten numbers; every 5 s for a minute one of them is killed with -9 and another started. */
export async function run(): Promise<Facts> {
  await using w = await openSending({ hasStatuses: true })
  const count = NUMBERS * RATE * SECONDS
  const world = await createSenderWorld(w.store, w.queue, { numbers: NUMBERS, throughput: RATE, conversations: count / 4 })
  await w.simulator.add(world.numbers)
  const senders = await w.startSenders(SENDERS)
  const messages = await world.accept(count)
  const startedAt = performance.now()
  const enqueueing = world.enqueue(messages)
  for (let kills = 0; kills < Math.floor((SECONDS * 1000) / KILL_EVERY_MS); kills++) {
    await sleep(KILL_EVERY_MS)
    const victim = senders.shift() as Child
    victim.process.kill('SIGKILL')
    senders.push(await w.startSender())
  }
  const sentMeanwhile = (await w.simulator.call('counts')).accepted
  await enqueueing
  for (const until = performance.now() + PATIENCE_MS; (await world.open()) > 0 && performance.now() < until; ) await sleep(500)
  const seconds = (performance.now() - startedAt) / 1000
  await w.simulator.call('idle')
  await sleep(3000)
  return {
    'posts in the minute of the kills': [sentMeanwhile, null],
    ...(await checkSent(
      w.store,
      await w.simulator.posts(),
      messages.map(({ _id }) => String(_id)),
    )),
    'dead letters': await deadLetters(w.store),
    's until all had ended': [seconds.toFixed(0), null],
  }
}
