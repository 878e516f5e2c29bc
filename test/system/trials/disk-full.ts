import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkoDir } from '#deploy/local/profiles.ts'
import type { Facts } from '../trial.ts'
import { startTrial } from './stack.ts'
import { startLoad, storedTwice, untilStored, within } from './webhooks.ts'

const PER_SECOND = Number(process.env.TRIAL_RATE ?? 500)
const DISK = '4m'

/** The broker is away and the disk under the spool (a tmpfs of 4 MB, which needs root) fills up: from then on Meta must come again. */
export async function run(): Promise<Facts> {
  const disk = path.join(linkoDir('trial-disk-full'), 'small-disk')
  mkdirSync(disk, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk])
  try {
    return await fill(disk)
  } finally {
    execFileSync('umount', ['-l', disk])
  }
}

async function fill(disk: string): Promise<Facts> {
  await using trial = await startTrial('disk-full', { INGEST_SPOOL_DIR: path.join(disk, 'spool'), INGEST_SPOOL_MAX_MB: '1024' })
  const { stack, store } = trial
  const release = await (stack.servers.rabbitmq.supervised as NonNullable<typeof stack.servers.rabbitmq.supervised>).hold()
  const load = await startLoad(stack, PER_SECOND)
  await sleep(25_000)
  const full = within(load, performance.now() - 5000, Infinity)
  await release()
  const backAt = performance.now()
  while (within(load, performance.now() - 500, Infinity).statuses[200] === undefined && performance.now() - backAt < 60_000)
    await sleep(100)
  await sleep(10_000)
  const after = within(load, performance.now() - 3000, Infinity)
  await load.stop()
  const storedMs = await untilStored(store, load, 60_000)
  const all = within(load, 0, Infinity)
  const twice = await storedTwice(store)
  return {
    'answers, all': [JSON.stringify(all.statuses), Object.keys(all.statuses).join() === '200,503'],
    'answers on the full disk': [JSON.stringify(full.statuses), Object.keys(full.statuses).join() === '503'],
    'answers when the broker was back': [JSON.stringify(after.statuses), Object.keys(after.statuses).join() === '200'],
    'all that was answered 200 is stored': [storedMs === null ? 'no' : 'yes', storedMs !== null],
    'stored twice': [twice, twice === 0],
  }
}
