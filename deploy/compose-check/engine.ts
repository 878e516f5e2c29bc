import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { ROOT } from '#shared/process/config.ts'

const exec = promisify(execFile)
const MOST_MS = 30 * 60_000

export interface CommandResult {
  code: number
  output: string
}

/** Runs a command to its end. Never throws: `code` says how it ended, `output` is what it wrote. */
export async function attempt(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const options = {
    cwd: ROOT,
    env: { ...process.env, DOCKER_BUILDKIT: '1', ...env },
    timeout: MOST_MS,
    maxBuffer: 64 * 1024 * 1024,
  }
  try {
    const { stdout, stderr } = await exec(command, args, options)
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      message,
    } = error as { code?: number; stdout?: string; stderr?: string; message: string }
    return { code: typeof code === 'number' ? code : 1, output: stdout + stderr || message }
  }
}

/** Standard output of a command that must succeed. @throws Error with what it wrote */
export async function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, output } = await attempt(command, args, env)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output.slice(-4000)}`)
  return output.trim()
}

/** Runs a command whose output the user sees. @throws Error when it fails */
export async function show(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, DOCKER_BUILDKIT: '1', ...env }, stdio: 'inherit' })
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`)
}

/** The version of the engine; null when none answers. */
export async function engineVersion(): Promise<string | null> {
  const { code, output } = await attempt('docker', ['version', '--format', '{{.Server.Version}}'])
  return code === 0 ? output.trim() : null
}

/** `docker compose`, or the older `docker-compose`; null when there is neither. */
export async function composeCommand(): Promise<string[] | null> {
  if ((await attempt('docker', ['compose', 'version'])).code === 0) return ['docker', 'compose']
  if ((await attempt('docker-compose', ['version'])).code === 0) return ['docker-compose']
  return null
}

/** A stack of docker-compose.yml under a name and on ports of its own. */
export interface Project {
  name: string
  env: NodeJS.ProcessEnv
  compose(...args: string[]): Promise<string>
  tryCompose(...args: string[]): Promise<CommandResult>
}

export function projectOf(
  command: readonly string[],
  name: string,
  options: { args?: string[]; env: NodeJS.ProcessEnv },
): Project {
  const [program = '', ...first] = command
  const words = (args: string[]) => [...first, '-p', name, '-f', 'docker-compose.yml', ...(options.args ?? []), ...args]
  return {
    name,
    env: options.env,
    compose: (...args) => run(program, words(args), options.env),
    tryCompose: (...args) => attempt(program, words(args), options.env),
  }
}
