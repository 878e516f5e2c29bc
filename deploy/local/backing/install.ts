import { type ExecFileOptions, execFile } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import type { FetchedBinary } from './private-server.ts'

const exec = promisify(execFile)

/** Runs a command and returns its standard output. @throws Error with its standard error */
export async function run(command: string, args: string[], options: ExecFileOptions = {}): Promise<string> {
  const { stdout } = await exec(command, args, { timeout: 300_000, maxBuffer: 16 * 1024 * 1024, ...options })
  return String(stdout)
}

/** Full path of an executable: one of `files`, else a file on PATH. */
export function findBinary(name: string, files: string[] = []): string | null {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map(dir => path.join(dir, name))
  return [...files, ...onPath].find(isExecutable) ?? null
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

/** Installs a Debian package without starting its service. @throws Error where that is impossible or brings no binary */
export async function fetchPackage(name: string, find: () => string | null): Promise<FetchedBinary> {
  if (find() !== null) throw new Error(`the package ${name} is installed already`)
  await installPackage(name)
  const binary = find()
  if (binary === null) throw new Error(`the package ${name} contains no binary`)
  return { binary, from: `with apt-get install ${name}` }
}

export async function installPackage(name: string): Promise<void> {
  if (process.getuid?.() !== 0 || findBinary('apt-get') === null)
    throw new Error(`the package ${name} cannot be installed: this needs root on Debian or Ubuntu`)
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

/** Whether a Docker engine answers. It is asked once. */
export function dockerAnswers(): Promise<boolean> {
  docker ??= run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: 3000 }).then(
    () => true,
    () => false,
  )
  return docker
}

/** The first line of a failed command's standard error, or of an error's message. */
export const firstLine = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: unknown; message?: unknown }
  const text = String(stderr || message || error).trim()
  return text.split('\n')[0]?.slice(0, 200) ?? text
}
