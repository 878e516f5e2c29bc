import './typescript-5.ts'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { routes } from '../../routes.ts'
import { describeApi } from '../describe-api.ts'

const CLIENT = path.join(ROOT, 'clients/typescript')

/** `npm run client`: builds the TypeScript client into `clients/typescript/dist`, its types from the routes of this checkout. */
async function main(): Promise<void> {
  // Loaded only now, when the hook above is there.
  const { astToString, default: typesOf } = await import('openapi-typescript')
  const document = describeApi(routes, { baseUrl: 'http://localhost:3000', ingestUrl: 'http://localhost:3001' })
  const types = await typesOf(document as never, { alphabetize: true })
  const head = '/** Types of the Linko API, generated from its OpenAPI document by `npm run client`. */\n'
  writeFileSync(path.join(CLIENT, 'src/schema.ts'), head + astToString(types))
  rmSync(path.join(CLIENT, 'dist'), { recursive: true, force: true })
  const compiler = [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', CLIENT]
  const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' })
  process.exitCode = status ?? 1
}

if (import.meta.main) await main()
