import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { freePort } from '../local/ports.ts'
import { productionSettings } from '../secrets.ts'
import { type Project, projectOf } from './engine.ts'
import { expectThat } from './report.ts'

/** Instead of an `.env` of this checkout. */
function emptyFile(): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'linko-compose-')), 'empty.env')
  writeFileSync(file, '')
  return file
}

/** The stack as an operator starts it first: the secrets of `npm run secrets`, and what Meta gives. */
export async function productionProject(command: readonly string[], images: Record<string, string>): Promise<Project> {
  const args = ['--env-file', emptyFile()]
  const bare = projectOf(command, 'linkocheckbare', { args, env: images })
  const { code, output } = await bare.tryCompose('config', '--quiet')
  const refusal = output.trim().split('\n').at(-1) ?? ''
  expectThat(code !== 0 && /is missing/.test(refusal), `without secrets docker compose starts nothing: ${refusal}`)
  const set = parseEnv(productionSettings({ baseUrl: 'https://linko.example' })) as Record<string, string>
  const meta = { META_APP_ID: '100200300400500', META_APP_SECRET: randomBytes(16).toString('hex') }
  return projectOf(command, 'linkocheckproduction', { args, env: { ...images, ...(await ports()), ...set, ...meta } })
}

/** The demo as a developer starts it, without limits of requests. */
export async function demoProject(command: readonly string[], images: Record<string, string>): Promise<Project> {
  const own = await ports()
  const addresses = {
    BASE_URL: `http://127.0.0.1:${own.LINKO_GATEWAY_PORT}`,
    DASHBOARD_URL: `http://127.0.0.1:${own.LINKO_GATEWAY_PORT}`,
    SOCKET_URL: `http://127.0.0.1:${own.LINKO_REALTIME_PORT}`,
  }
  const limits = { RATE_LIMIT_API: '1000000/min', RATE_LIMIT_AUTH: '1000/min', RATE_LIMIT_MESSAGES: '1000000/min' }
  const args = ['--env-file', 'deploy/demo/compose.env', '--profile', 'demo']
  return projectOf(command, 'linkocheckdemo', { args, env: { ...images, ...own, ...addresses, ...limits } })
}

async function ports(): Promise<Record<string, string>> {
  const names = ['LINKO_GATEWAY_PORT', 'LINKO_INGEST_PORT', 'LINKO_REALTIME_PORT', 'LINKO_SIMULATOR_PORT']
  const taken: Record<string, string> = {}
  for (const name of names) {
    let port = await freePort()
    while (Object.values(taken).includes(String(port))) port = await freePort()
    taken[name] = String(port)
  }
  return taken
}
