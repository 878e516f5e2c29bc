import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '#shared/process/config.ts'
import { untilTrue } from '#test/support/until.ts'
import { openSpool } from './spool.ts'

const LIMIT_MS = 60_000

/** Starts the writer, kills it with -9 in the middle of its work, and returns what it had acknowledged. */
async function spoolUntilKilled(dir: string, from: number): Promise<number[]> {
  const child = spawn(process.execPath, [path.join(ROOT, 'test/support/spool-writer.ts'), dir, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  const exited = once(child, 'close')
  await untilTrue(() => output.split('\n').length > 300, LIMIT_MS)
  child.kill('SIGKILL')
  await exited
  const lines = output.split('\n')
  return lines.slice(0, -1).map(Number)
}

test('[F15] kill -9 while spooling loses nothing that was acknowledged', { timeout: 4 * LIMIT_MS }, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-spool-killed-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const acknowledged: number[] = []
  for (let round = 0; round < 3; round++) acknowledged.push(...(await spoolUntilKilled(dir, round * 1_000_000)))

  const taken: number[] = []
  await using spool = await openSpool({
    dir,
    maxBytes: 1_000_000_000,
    log: pino({ level: 'silent' }),
    publish: async body => void taken.push(Number.parseInt(body.toString(), 10)),
    split: () => [],
    report: async () => undefined,
  })
  await untilTrue(() => spool.bytes() === 0, LIMIT_MS)
  const published = new Set(taken)
  expect(acknowledged.length).toBeGreaterThan(900)
  expect(acknowledged.filter(n => !published.has(n))).toEqual([])
})
