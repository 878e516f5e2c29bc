import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PublishError } from '#shared/queue/types.ts'
import { untilTrue } from '#test/support/until.ts'
import { openSpool, type Spool, type SpoolOptions } from './spool.ts'
import { resumeAt } from './spool-files.ts'
import { encodeRecord } from './spool-record.ts'
import type { RefusedBody } from './spool-refused.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'linko-spool-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const log = pino({ level: 'silent' })
const KEY = 'conversation.0'
const bodies = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => Buffer.from(`body ${from + i}`))

/** A broker that is away until `open()`, and records the bodies that it accepted. */
function broker() {
  const taken: string[] = []
  let isAway = true
  const publish = async (body: Buffer) => {
    if (isAway) throw new PublishError('disconnected', 'away')
    taken.push(body.toString())
  }
  const open = () => {
    isAway = false
  }
  return { taken, publish, open }
}

const spoolWith = (publish: SpoolOptions['publish'], more: Partial<SpoolOptions> = {}) =>
  openSpool({
    dir,
    maxBytes: 1_000_000,
    log,
    publish,
    split: body => [{ routingKey: KEY, body }],
    report: async () => undefined,
    ...more,
  })

const appendAll = (spool: Spool, all: Buffer[], key = KEY) => Promise.all(all.map(body => spool.append(key, body, 1)))
const untilEmpty = (spool: Spool, key = KEY) => untilTrue(() => spool.isEmpty(key))
const streamDir = () => path.join(dir, 'streams', KEY)
const segmentFiles = () => readdirSync(streamDir()).filter(name => name.endsWith('.spool'))
const filesIn = (name: string) => (existsSync(path.join(dir, name)) ? readdirSync(path.join(dir, name)).sort() : [])
const contentOf = (folder: string) => Buffer.concat(filesIn(folder).map(name => readFileSync(path.join(dir, folder, name))))

/** Leaves bodies on the disk, as a process that ends during an outage. */
async function leave(all: Buffer[]): Promise<void> {
  const dead = await spoolWith(broker().publish)
  for (const body of all) await dead.append(KEY, body, 1)
  await dead[Symbol.asyncDispose]()
}

function writeCursor(segment: number, offset: number): void {
  mkdirSync(streamDir(), { recursive: true })
  writeFileSync(path.join(streamDir(), 'cursor'), `${segment} ${offset} ${crc32(`${segment} ${offset}`)}\n`)
}

test('bodies that the broker could not accept are published in order once it is back', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish, { segmentBytes: 100 })
  await appendAll(spool, bodies(0, 50))
  expect(spool.isEmpty(KEY)).toBe(false)
  open()
  await untilEmpty(spool)
  expect(taken).toEqual(bodies(0, 50).map(String))
  expect(spool.oldestAt()).toBeNull()
})

test('a process that starts with an existing directory drains it before new bodies', async () => {
  await leave(bodies(0, 10))
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish)
  expect(spool.isEmpty(KEY)).toBe(false)
  await appendAll(spool, bodies(10, 20))
  open()
  await untilEmpty(spool)
  expect(taken).toEqual(bodies(0, 20).map(String))
})

test('[F14] a full spool refuses new bodies and keeps the stored ones', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish, { maxBytes: 100 })
  await spool.append(KEY, Buffer.alloc(60), 1)
  await expect(spool.append('conversation.1', Buffer.alloc(60), 2)).rejects.toThrow('full')
  open()
  await untilEmpty(spool)
  expect(taken).toHaveLength(1)
})

test('drained segments are deleted', async () => {
  const { publish, open } = broker()
  open()
  await using spool = await spoolWith(publish, { segmentBytes: 50 })
  for (const body of bodies(0, 20)) await spool.append(KEY, body, 1)
  await untilEmpty(spool)
  await untilTrue(() => segmentFiles().length <= 1)
})

test('a publisher with a limit gets no more bodies at once than it accepts', async () => {
  let inFlight = 0
  const taken = new Set<string>()
  const publish = async (body: Buffer) => {
    if (++inFlight > 100) {
      inFlight--
      throw new PublishError('overloaded', 'test')
    }
    await new Promise(resolve => setImmediate(resolve))
    inFlight--
    taken.add(body.toString())
  }
  const dead = await spoolWith(broker().publish)
  await appendAll(dead, bodies(0, 5000))
  await dead[Symbol.asyncDispose]()
  await using spool = await spoolWith(publish)
  await untilTrue(() => spool.isEmpty(KEY), 60_000)
  expect(taken.size).toBe(5000)
})

test('an empty spool uses no disk space, and works again in the next outage', async () => {
  const { taken, publish, open } = broker()
  await using spool = await spoolWith(publish)
  await appendAll(spool, bodies(0, 20))
  open()
  await untilTrue(() => segmentFiles().length === 0)
  expect(spool.bytes()).toBe(0)
  await appendAll(spool, bodies(20, 40))
  await untilEmpty(spool)
  expect(taken).toEqual(bodies(0, 40).map(String))
})

describe('[F15] a cursor that says something else than the files', () => {
  const sizes = new Map([
    [3, 100],
    [5, 50],
  ])
  test.for([
    ['none: the oldest segment', null, { segment: 3, offset: 0 }],
    ['within its segment: there', { segment: 3, offset: 40 }, { segment: 3, offset: 40 }],
    ['at the end of its segment: the next one', { segment: 3, offset: 100 }, { segment: 5, offset: 0 }],
    ['beyond its segment: the next one', { segment: 3, offset: 101 }, { segment: 5, offset: 0 }],
    ['in a segment that is gone: the next one', { segment: 4, offset: 10 }, { segment: 5, offset: 0 }],
    ['behind the last segment: the fresh one', { segment: 5, offset: 50 }, { segment: 6, offset: 0 }],
  ] as const)('%s', ([, cursor, expected]) => {
    expect(resumeAt(cursor, sizes, 6)).toEqual(expected)
  })

  test('a cursor whose segment is gone loses nothing that is spooled later', async () => {
    writeCursor(3, 500)
    const { taken, publish, open } = broker()
    await using spool = await spoolWith(publish)
    const all = Array.from({ length: 12 }, (_, i) => Buffer.from(`body ${i} ${'x'.repeat(80)}`))
    await appendAll(spool, all.slice(0, 4))
    expect([spool.isEmpty(KEY), spool.bytes() > 0]).toEqual([false, true])
    await appendAll(spool, all.slice(4))
    open()
    await untilEmpty(spool)
    expect(taken).toEqual(all.map(String))
  })

  test('each start writes into a segment of its own', async () => {
    for (let start = 0; start < 3; start++) await leave(bodies(start, start + 1))
    expect(segmentFiles()).toEqual(['0000000001.spool', '0000000002.spool', '0000000003.spool'])
  })

  test('a cursor that cannot be written ends no draining, but keeps the segments: nothing is lost after the next start', async () => {
    mkdirSync(path.join(streamDir(), 'cursor'), { recursive: true })
    const first = broker()
    first.open()
    const spool = await spoolWith(first.publish, { segmentBytes: 1000 })
    await appendAll(spool, bodies(0, 200))
    await untilEmpty(spool)
    expect(first.taken).toEqual(bodies(0, 200).map(String))
    expect(segmentFiles().length).toBeGreaterThan(0)
    await spool[Symbol.asyncDispose]()

    rmSync(path.join(streamDir(), 'cursor'), { recursive: true })
    const second = broker()
    await using again = await spoolWith(second.publish)
    await appendAll(again, bodies(200, 240))
    second.open()
    await untilEmpty(again)
    expect(second.taken.slice(-40)).toEqual(bodies(200, 240).map(String))
    await untilTrue(() => segmentFiles().length === 0)
  })

  test('a cursor with a flipped bit counts as none', async () => {
    await leave(bodies(0, 3))
    const file = path.join(streamDir(), 'cursor')
    const content = readFileSync(file)
    content[2] = (content[2] as number) ^ 1
    writeFileSync(file, content)
    const { taken, publish, open } = broker()
    open()
    await using spool = await spoolWith(publish)
    await untilEmpty(spool)
    expect(taken).toEqual(bodies(0, 3).map(String))
  })
})

describe('[F15] what cannot be read is kept, and what lies behind it is published', () => {
  test('a torn tail', async () => {
    await leave(bodies(0, 5))
    const file = path.join(streamDir(), segmentFiles()[0] as string)
    const content = readFileSync(file)
    writeFileSync(file, content.subarray(0, content.length - 3))

    const { taken, publish, open } = broker()
    open()
    await using spool = await spoolWith(publish)
    await untilEmpty(spool)
    expect(taken).toEqual(bodies(0, 4).map(String))
    expect(spool.damaged()).toBe(1)
    expect(contentOf('damaged')).toEqual(content.subarray((content.length / 5) * 4, content.length - 3))
  })

  test.for([
    ['length', 0],
    ['checksum', 4],
    ['body', 20],
  ])('a flipped bit in the %s loses that record alone', async ([, position]) => {
    await leave(bodies(0, 5))
    const file = path.join(streamDir(), segmentFiles()[0] as string)
    const content = readFileSync(file)
    const length = content.length / 5
    const second = length + Number(position)
    content[second] = (content[second] as number) ^ 0x40
    writeFileSync(file, content)

    const { taken, publish, open } = broker()
    open()
    await using spool = await spoolWith(publish)
    await untilEmpty(spool)
    expect(taken).toEqual(['body 0', 'body 2', 'body 3', 'body 4'])
    expect(spool.damaged()).toBe(1)
    expect(contentOf('damaged')).toEqual(content.subarray(length, 2 * length))
  })

  test.for([1, 3, 4, 7])('%d neighbouring bodies of 3 MB with a flipped bit each', { timeout: 60_000 }, async count => {
    const damaged = Array.from({ length: count }, (_, i) => {
      const record = encodeRecord(Buffer.alloc(3_000_000, 0x61 + i), 1)
      record[100] = (record[100] as number) ^ 1
      return record
    })
    const intact = bodies(0, 5).map(body => encodeRecord(body, 1))
    mkdirSync(streamDir(), { recursive: true })
    writeFileSync(path.join(streamDir(), '0000000001.spool'), Buffer.concat([...damaged, ...intact]))

    const { taken, publish, open } = broker()
    open()
    await using spool = await spoolWith(publish)
    await untilTrue(() => spool.isEmpty(KEY), 60_000)
    expect(taken).toEqual(bodies(0, 5).map(String))
    expect(contentOf('damaged').equals(Buffer.concat(damaged))).toBe(true)
  })
})

describe('[F18] a queue that confirms nothing', () => {
  test('holds back its own stream only', async () => {
    const isDead = (body: Buffer) => body.toString().startsWith('dead')
    const taken: string[] = []
    let isBack = false
    const publish = async (body: Buffer) => {
      if (isDead(body) && !isBack) throw new PublishError('timeout', 'no confirm in time')
      taken.push(body.toString())
    }
    await using spool = await spoolWith(publish)
    const dead = Array.from({ length: 100 }, (_, i) => Buffer.from(`dead ${i}`))
    await appendAll(spool, dead, 'conversation.1')
    await appendAll(spool, bodies(0, 100), 'conversation.2')
    await untilEmpty(spool, 'conversation.2')
    expect(taken).toEqual(bodies(0, 100).map(String))
    expect([spool.isEmpty('conversation.1'), spool.isEmpty('conversation.3')]).toEqual([false, true])
    isBack = true
    await untilEmpty(spool, 'conversation.1')
    expect(taken.slice(100)).toEqual(dead.map(String))
  })

  test('is tried by one body at a time, and what was confirmed is not published again', async () => {
    const tried: number[] = []
    let isDead = true
    let failures = 1
    const publish = async (body: Buffer) => {
      const n = Number(body.toString().slice('body '.length))
      tried.push(n)
      const fails = isDead || (n === 3 && failures-- > 0)
      if (tried.length === 8) isDead = false
      if (fails) throw new PublishError('timeout', 'no confirm in time')
    }
    await leave(bodies(0, 6))
    await using spool = await spoolWith(publish)
    await untilEmpty(spool)
    expect(tried).toEqual([0, 1, 2, 3, 4, 5, 0, 0, 0, 1, 2, 3, 4, 5, 3])
  })
})

describe('a body that can never be published', () => {
  const poisoned = (taken: string[]) => async (body: Buffer) => {
    if (body.toString() === 'poison') throw new RangeError('a message of 9000000 bytes is too large')
    taken.push(body.toString())
  }

  test('P11: does not stop the others; it is kept aside and reported', async () => {
    const taken: string[] = []
    const reported: RefusedBody[] = []
    await leave(['a', 'b', 'poison', 'c', 'd'].map(text => Buffer.from(text)))
    await using spool = await spoolWith(poisoned(taken), { report: async body => void reported.push(body) })
    await spool.append(KEY, Buffer.from('later'), 1)
    await untilEmpty(spool)
    expect(taken).toEqual(['a', 'b', 'c', 'd', 'later'])
    await untilTrue(() => reported.length > 0)
    const [file] = filesIn('refused').filter(name => name.endsWith('.body'))
    expect(reported).toEqual([{ file, key: KEY, bytes: 6, receivedAt: 1, reason: 'a message of 9000000 bytes is too large' }])
    await untilTrue(() => filesIn('refused').length === 1)
    expect([String(contentOf('refused')), spool.refused()]).toEqual(['poison', 1])
  })

  test('is reported after a restart when the broker was away', async () => {
    const away = await spoolWith(poisoned([]), { report: async () => Promise.reject(new PublishError('disconnected', 'away')) })
    await away.append(KEY, Buffer.from('poison'), 1)
    await untilEmpty(away)
    await away[Symbol.asyncDispose]()

    const reported: RefusedBody[] = []
    await using spool = await spoolWith(poisoned([]), { report: async body => void reported.push(body) })
    await untilTrue(() => reported.length > 0)
    expect(reported).toMatchObject([{ key: KEY, bytes: 6 }])
    expect(spool.refused()).toBe(1)
    await untilTrue(() => filesIn('refused').length === 1)
  })

  test('too large for a record, it is kept aside at once', async () => {
    const reported: RefusedBody[] = []
    await using spool = await spoolWith(broker().publish, {
      maxBytes: 100_000_000,
      report: async body => void reported.push(body),
    })
    await spool.append(KEY, Buffer.alloc(9_000_000, 'x'), 1)
    await untilTrue(() => reported.length > 0 && filesIn('refused').length === 1)
    expect([spool.isEmpty(KEY), spool.refused(), contentOf('refused').length]).toEqual([true, 1, 9_000_000])
  })
})

describe('a directory of the version with one stream for all', () => {
  const split = (body: Buffer) => {
    const text = body.toString()
    if (text === 'broken') throw new TypeError('the body is no webhook')
    return text
      .split('+')
      .map(part => ({ routingKey: part.startsWith('one') ? 'conversation.1' : 'conversation.2', body: Buffer.from(part) }))
  }

  test('is moved into the streams of its keys, whatever its cursor says', async () => {
    const old = ['one 1', 'two 1+one 2', 'broken', 'two 2'].map(text => encodeRecord(Buffer.from(text), 1))
    writeFileSync(path.join(dir, '0000000003.spool'), Buffer.concat(old))
    writeFileSync(path.join(dir, 'cursor'), '3 40')
    const reported: RefusedBody[] = []
    const { taken, publish, open } = broker()
    await using spool = await spoolWith(publish, { split, report: async body => void reported.push(body) })
    expect([spool.isEmpty('conversation.1'), spool.isEmpty('conversation.2'), spool.isEmpty(KEY)]).toEqual([false, false, true])
    expect(readdirSync(dir).sort()).toEqual(['refused', 'streams'])
    await spool.append('conversation.1', Buffer.from('one 3'), 2)
    open()
    await untilTrue(() => spool.bytes() === 0)
    expect(taken.filter(text => text.startsWith('one'))).toEqual(['one 1', 'one 2', 'one 3'])
    expect(taken.filter(text => text.startsWith('two'))).toEqual(['two 1', 'two 2'])
    await untilTrue(() => reported.length > 0)
    expect(reported).toMatchObject([{ reason: 'the body is no webhook', bytes: 6 }])
  })
})
