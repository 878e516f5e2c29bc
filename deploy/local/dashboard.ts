import { spawn } from 'node:child_process'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

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
