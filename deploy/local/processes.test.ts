import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pidsOwnedBy, startTime } from './process-table.ts'
import { type ProcessSpec, supervise } from './processes.ts'
import { closeRegistry, openRegistry, type Registry } from './registry.ts'

const FOREVER = 'setInterval(() => {}, 1000)'
let dir: string
let registry: Registry
const reports: string[] = []

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'linko-processes-'))
  registry = await openRegistry(dir, line => reports.push(line))
})
afterEach(() => {
  closeRegistry(registry)
  rmSync(dir, { recursive: true, force: true })
  reports.length = 0
})

/** A process that is ready when it has written the file `started`. */
function node(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  const started = path.join(dir, 'started')
  return {
    name: 'sample',
    command: process.execPath,
    args: ['-e', `require('fs').writeFileSync(${JSON.stringify(started)}, String(process.pid));${script}`],
    logFile: path.join(dir, 'sample.log'),
    ready: async () => readFileSync(started),
    readyTimeoutMs: 10_000,
    ...more,
  }
}

const isAlive = (pid: number) => startTime(pid) !== ''
const gone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5000 })

test('a process that is killed is started again and reported', async () => {
  await using sample = await supervise(node(FOREVER), registry)
  const first = sample.pid() as number
  sample.kill('SIGKILL')
  await gone(first)
  await vi.waitFor(() => expect(sample.starts()).toBe(2), { timeout: 5000 })
  await sample.ready()
  expect(sample.pid()).not.toBe(first)
  expect(reports.join()).toMatch(/sample ended \(SIGKILL\) and is started again in 500 ms/)
})

test('a process that ends before it is ready fails the start, with the end of its log', async () => {
  const ending = supervise(
    node('', { args: ['-e', 'console.log("no port"); process.exit(3)'], ready: () => Promise.reject() }),
    registry,
  )
  await expect(ending).rejects.toThrow(/sample ended with 3[\s\S]*no port/)
})

test('stopping waits for SIGTERM to work, then kills', async () => {
  const sample = await supervise(node(`process.on('SIGTERM', () => {});${FOREVER}`, { stopMs: 200 }), registry)
  const pid = sample.pid() as number
  await sample[Symbol.asyncDispose]()
  expect(isAlive(pid)).toBe(false)
})

test('a folder has one launcher at a time', async () => {
  await expect(openRegistry(dir)).rejects.toThrow(/already running/)
})

/** Starts a launcher in another process; its child starts a grandchild in another session. */
async function launchElsewhere(folder: string, end: string): Promise<{ launcher: number; children: number[] }> {
  const grandchild = `require('child_process').spawn(process.execPath, ['-e', '${FOREVER}'], { detached: true, stdio: 'ignore' })`
  const pids = path.join(folder, 'ready')
  const script = path.join(folder, 'launcher.ts')
  writeFileSync(
    script,
    `import { supervise } from ${JSON.stringify(path.join(import.meta.dirname, 'processes.ts'))}
import { openRegistry } from ${JSON.stringify(path.join(import.meta.dirname, 'registry.ts'))}
import { existsSync, writeFileSync } from 'node:fs'
const spec = { name: 'sample', command: process.execPath, logFile: ${JSON.stringify(path.join(folder, 'log'))},
  args: ['-e', ${JSON.stringify(`${grandchild};${FOREVER}`)}], ready: async () => undefined }
await supervise(spec, await openRegistry(${JSON.stringify(folder)}))
writeFileSync(${JSON.stringify(pids)}, 'ready')
${end}
`,
  )
  const launcher = spawn(process.execPath, [script], { stdio: 'ignore' })
  await vi.waitFor(() => expect(existsSync(pids)).toBe(true), { timeout: 10_000 })
  await vi.waitFor(() => expect(pidsOwnedBy(folder)).toHaveLength(2), { timeout: 5000 })
  return { launcher: launcher.pid as number, children: pidsOwnedBy(folder) }
}

test('the next start ends the processes of a killed launcher, grandchildren too, but no other process with a recorded id', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'linko-killed-'))
  const { launcher, children } = await launchElsewhere(folder, FOREVER)
  process.kill(launcher, 'SIGKILL')
  await gone(launcher)
  expect(children.every(isAlive)).toBe(true)

  const list = path.join(folder, 'pids.json')
  const stranger = spawn(process.execPath, ['-e', FOREVER], { detached: true, stdio: 'ignore' })
  const entry = { name: 'recycled', pid: stranger.pid, startedAt: '1' }
  writeFileSync(list, JSON.stringify([...JSON.parse(readFileSync(list, 'utf8')), entry]))
  closeRegistry(await openRegistry(folder))
  // A process that was killed is there until the system has taken it away.
  await vi.waitFor(() => expect(children.some(isAlive)).toBe(false), { timeout: 5000 })
  expect(isAlive(stranger.pid as number)).toBe(true)
  stranger.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

test('a process list that was half written is ignored', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'linko-torn-'))
  writeFileSync(path.join(folder, 'pids.json'), '[{"name":"laun')
  closeRegistry(await openRegistry(folder))
  rmSync(folder, { recursive: true })
})

test('a launcher that ends by an error takes its processes with it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'linko-failed-'))
  const { launcher, children } = await launchElsewhere(folder, `setTimeout(() => { throw new Error('a bug') }, 500)`)
  await gone(launcher)
  // The grandchild in another session is ended by the next start.
  await vi.waitFor(() => expect(children.filter(isAlive).length).toBeLessThan(2), { timeout: 5000 })
  closeRegistry(await openRegistry(folder))
  // A process that was killed is there until the system has taken it away.
  await vi.waitFor(() => expect(children.some(isAlive)).toBe(false), { timeout: 5000 })
  rmSync(folder, { recursive: true })
})
