import { type ExecFileOptions, execFile } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Fetched } from './own.ts'

export const SERVER_NAMES = ['mongodb', 'rabbitmq', 'redis'] as const
export type ServerName = (typeof SERVER_NAMES)[number]

const exec = promisify(execFile)

/** Standard output of a command. @throws with its standard error */
export async function run(command: string, args: string[], options: ExecFileOptions = {}): Promise<string> {
  const { stdout } = await exec(command, args, { timeout: 300_000, maxBuffer: 16 * 1024 * 1024, ...options })
  return String(stdout)
}

/** Full path of an executable: the given places first, then PATH. */
export function findBinary(name: string, places: string[] = []): string | null {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map(dir => path.join(dir, name))
  return [...places, ...onPath].find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const POLICY = '/usr/sbin/policy-rc.d'

/** A Debian package without its service starting. @throws where that is not possible or of no use */
export async function fetchPackage(name: string, find: () => string | null): Promise<Fetched> {
  if (find() !== null) throw new Error(`the package ${name} is installed already`)
  await installPackage(name)
  const binary = find()
  if (binary === null) throw new Error(`the package ${name} brought no binary`)
  return { binary, from: `with apt-get install ${name}` }
}

export async function installPackage(name: string): Promise<void> {
  if (process.getuid?.() !== 0 || findBinary('apt-get') === null)
    throw new Error(`the package ${name} cannot be installed: that needs root on Debian or Ubuntu`)
  await withoutServiceStarts(() => aptInstall(name))
}

async function aptInstall(name: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('dpkg', ['--configure', '-a'], { env })
  await run('apt-get', ['update', '-q'], { env })
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], { env })
}

async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return work()
  const removePolicy = () => rmSync(POLICY, { force: true })
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  process.once('exit', removePolicy)
  try {
    await work()
  } finally {
    removePolicy()
    process.off('exit', removePolicy)
  }
}

let docker: Promise<boolean> | undefined

/** Whether a Docker engine answers; asked once. */
export function dockerAnswers(): Promise<boolean> {
  docker ??= run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 3000 }).then(
    () => true,
    () => false,
  )
  return docker
}

/** Of a command that failed: what it complained of. */
export const firstLine = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: unknown; message?: unknown }
  const text = String(stderr || message || error).trim()
  return text.split('\n')[0]?.slice(0, 200) ?? text
}
