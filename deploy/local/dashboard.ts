import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { freePort } from './ports.ts'
import { type Supervised, supervise } from './processes.ts'
import type { Registry } from './registry.ts'

const BUILD = path.join(ROOT, 'services/gateway/dashboard/build/build.ts')

/** Builds the dashboard if its sources have changed. @throws Error with what the build said */
export async function buildDashboard(report: (line: string) => void): Promise<void> {
  const child = spawn(process.execPath, [BUILD], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  // Silent when there is nothing to do.
  const slow = setTimeout(() => report('building the dashboard'), 3000)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearTimeout(slow)
  process.off('exit', kill)
  if (code !== 0) throw new Error(`The dashboard could not be built:\n${output.trim()}`)
}

/** Vite's own port, or the next one that is free. */
const HOT_PORT = 5173

/** Chooses the address of the dashboard with hot reload, and lets the services take its calls. */
export async function allowHotDashboard(settings: Record<string, string>): Promise<void> {
  settings.DASHBOARD_URL = `http://127.0.0.1:${await freePort(HOT_PORT)}`
  settings.CORS_ORIGIN = [settings.CORS_ORIGIN, settings.DASHBOARD_URL].filter(Boolean).join(',')
}

/** Serves the sources of the dashboard: a change is in the page at once. The API is the gateway's. */
export async function serveHotDashboard(settings: Record<string, string>, registry: Registry): Promise<Supervised> {
  const { DASHBOARD_URL: url = '', BASE_URL: gateway = '', SOCKET_URL = '' } = settings
  const logs = path.join(registry.dir, 'logs')
  mkdirSync(logs, { recursive: true })
  return await supervise(
    {
      name: 'dashboard',
      command: process.execPath,
      args: [path.join(ROOT, 'node_modules/vite/bin/vite.js'), path.dirname(path.dirname(BUILD))],
      cwd: ROOT,
      env: { ...process.env, DASHBOARD_PORT: new URL(url).port, DASHBOARD_GATEWAY: gateway, SOCKET_URL },
      logFile: path.join(logs, 'dashboard.log'),
      ready: async () => void (await fetch(url, { signal: AbortSignal.timeout(3000) })),
    },
    registry,
  )
}
