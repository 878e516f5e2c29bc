import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSpool, type SpoolOptions } from './spool.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'linko-spool-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const log = pino({ level: 'silent' })
const bodies = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => Buffer.from(`body ${from + i}`))

/** A broker that is away until `open()`, and records the bodies that it accepted. */
function broker() {
  const taken: string[] = []
  let isAway = true
  const publish = async (body: Buffer) => {
    if (isAway) throw new Error('away')
    taken.push(body.toString())
  }
  const open = () => {
    isAway = false
  }
  return { taken, publish, open }
}

const spoolWith = (publish: SpoolOptions['publish'], more: Partial<SpoolOptions> = {}) =>
  openSpool({ dir, maxBytes: 1_000_000, log, publish, ...more })

const segmentFiles = () => readdirSync(dir).filter(name => name.endsWith('.spool'))

test('bodies that the broker could not accept are published in order once it is back', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish, { segmentBytes: 100 })
  await Promise.all(bodies(0, 50).map(body => spool.append(body, 1)))
  expect(spool.isEmpty()).toBe(false)
  open()
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true), { timeout: 5000 })
  expect([...new Set(taken)]).toEqual(bodies(0, 50).map(String))
  expect(spool.oldestAt()).toBeNull()
})

test('a process that starts with an existing directory drains it before new bodies', async () => {
  const first = broker()
  const dead = await spoolWith(first.publish)
  await Promise.all(bodies(0, 10).map(body => dead.append(body, 1)))
  await dead[Symbol.asyncDispose]()

  const second = broker()
  await using spool = await spoolWith(second.publish)
  expect(spool.isEmpty()).toBe(false)
  await Promise.all(bodies(10, 20).map(body => spool.append(body, 2)))
  second.open()
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true), { timeout: 5000 })
  expect([...new Set(second.taken)]).toEqual(bodies(0, 20).map(String))
})

test('a torn tail is truncated and counted, whole records stay', async () => {
  const dead = await spoolWith(broker().publish)
  await Promise.all(bodies(0, 5).map(body => dead.append(body, 1)))
  await dead[Symbol.asyncDispose]()
  const file = path.join(dir, segmentFiles()[0] as string)
  const content = readFileSync(file)
  writeFileSync(file, content.subarray(0, content.length - 3))

  const { taken, publish, open } = broker()
  open()
  await using spool = await spoolWith(publish)
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true))
  expect(taken).toEqual(bodies(0, 4).map(String))
  expect(spool.damaged()).toBe(1)
})

test.for([
  ['length', 0],
  ['checksum', 4],
  ['body', 20],
])('a flipped bit in the %s loses that record alone', async ([, position]) => {
  const dead = await spoolWith(broker().publish)
  for (const body of bodies(0, 5)) await dead.append(body, 1)
  await dead[Symbol.asyncDispose]()
  const file = path.join(dir, segmentFiles()[0] as string)
  const content = readFileSync(file)
  const second = content.length / 5 + Number(position)
  content[second] = (content[second] as number) ^ 0x40
  writeFileSync(file, content)

  const { taken, publish, open } = broker()
  open()
  await using spool = await spoolWith(publish)
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true))
  expect(taken).toEqual(['body 0', 'body 2', 'body 3', 'body 4'])
  expect(spool.damaged()).toBe(1)
})

test('a full spool refuses new bodies and keeps the stored ones', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish, { maxBytes: 100 })
  await spool.append(Buffer.alloc(60), 1)
  await expect(spool.append(Buffer.alloc(60), 2)).rejects.toThrow('full')
  open()
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true))
  expect(taken).toHaveLength(1)
})

test('drained segments are deleted', async () => {
  const { publish, open } = broker()
  open()
  await using spool = await spoolWith(publish, { segmentBytes: 50 })
  for (const body of bodies(0, 20)) await spool.append(body, 1)
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true))
  expect(segmentFiles().length).toBeLessThanOrEqual(1)
})

test('a publisher with a limit gets no more bodies at once than it accepts', async () => {
  let inFlight = 0
  const taken = new Set<string>()
  const publish = async (body: Buffer) => {
    if (++inFlight > 100) {
      inFlight--
      throw new Error('overloaded')
    }
    await new Promise(resolve => setImmediate(resolve))
    inFlight--
    taken.add(body.toString())
  }
  const dead = await spoolWith(broker().publish)
  await Promise.all(bodies(0, 5000).map(body => dead.append(body, 1)))
  await dead[Symbol.asyncDispose]()
  await using spool = await spoolWith(publish)
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true), { timeout: 10_000 })
  expect(taken.size).toBe(5000)
})

test('a cursor that cannot be written, as on a full disk, does not end the draining', async () => {
  const { taken, publish, open } = broker()
  mkdirSync(path.join(dir, 'cursor.new'))
  await using spool = await spoolWith(publish)
  await Promise.all(bodies(0, 200).map(body => spool.append(body, 1)))
  open()
  await vi.waitFor(() => expect(spool.isEmpty()).toBe(true), { timeout: 5000 })
  expect(taken).toEqual(bodies(0, 200).map(String))
})

test('an empty spool uses no disk space, and works again in the next outage', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish)
  await Promise.all(bodies(0, 20).map(body => spool.append(body, 1)))
  open()
  await vi.waitFor(() => expect(segmentFiles()).toEqual([]), { timeout: 5000 })
  expect(spool.bytes()).toBe(0)
  await Promise.all(bodies(20, 40).map(body => spool.append(body, 1)))
  await vi.waitFor(() => expect(taken).toEqual(bodies(0, 40).map(String)), { timeout: 5000 })
})
