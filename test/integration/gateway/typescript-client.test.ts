import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '#shared/auth/api-keys.ts'
import { ROOT } from '#shared/process/config.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import { createWorld } from '#test/support/world.ts'
import { type Gateway, openGateway, PEOPLE } from '#test/support/worlds/gateway.ts'
import { userByEmail } from '#test/support/worlds/realtime.ts'

const CLIENT = path.join(ROOT, 'clients/typescript')
const stack = new AsyncDisposableStack()
let gateway: Gateway
/** Project of a stranger who has installed the client. */
let project: string

beforeAll(async () => {
  await run([path.join(ROOT, 'services/gateway/docs/generate/client.ts')])
  project = mkdtempSync(path.join(tmpdir(), 'linko-stranger-'))
  stack.defer(() => rmSync(project, { recursive: true }))
  mkdirSync(path.join(project, 'node_modules/@linko'), { recursive: true })
  symlinkSync(CLIENT, path.join(project, 'node_modules/@linko/client'))
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }')
  gateway = stack.use(await openGateway(stack.use(await createWorld())))
})
afterAll(() => stack.disposeAsync())

async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = promisify(execFile)(process.execPath, args, { env: { PATH: process.env.PATH, ...env }, maxBuffer: 1 << 26 })
  const { stdout } = await child.catch(error => {
    throw new Error(`${error.message}\n${error.stdout}`)
  })
  return stdout
}

function write(name: string, source: string): string {
  const file = path.join(project, name)
  writeFileSync(file, source)
  return file
}

const check = (file: string) =>
  run([
    path.join(ROOT, 'node_modules/typescript/bin/tsc'),
    ...['--noEmit', '--ignoreConfig', '--strict', '--target', 'es2022', '--module', 'nodenext', '--skipLibCheck'],
    ...['--typeRoots', path.join(ROOT, 'node_modules/@types'), '--types', 'node', file],
  ])

/** The blocks of code in the README. */
const blocks = [...readFileSync(path.join(CLIENT, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code as string,
)
const HEAD = (blocks[0] as string).split('\n\n').slice(0, 2).join('\n')

/** What the stranger sets: a gateway and a key that may do these things. */
async function settingsFor(...scopes: string[]): Promise<NodeJS.ProcessEnv> {
  const { tenantId } = await userByEmail(gateway.store, PEOPLE.agent)
  const { key } = await asTenant(tenantId, () => createApiKey(gateway.store, { tenantId, name: 'erp', role: 'agent', scopes }))
  return { LINKO_URL: gateway.url, LINKO_API_KEY: key }
}

test('the quick start of the README compiles and runs as it stands, and sends once', async () => {
  const file = write('quick-start.ts', blocks[0] as string)
  await check(file)
  const env = await settingsFor('messages.send', 'conversations.read')
  const output = [await run([file], env), await run([file], env)]
  expect(output[0]).toContain('Salma')
  const sent = output.map(text => /^([0-9a-f]{24}) QUEUED$/m.exec(text)?.[1])
  expect(sent[0]).toBeDefined()
  expect(sent[1]).toBe(sent[0])
})

test('the other examples of the README compile and run too', async () => {
  expect(blocks.length).toBeGreaterThan(1)
  for (const [i, block] of blocks.slice(1).entries()) {
    const file = write(`example-${i}.ts`, `${HEAD}\n${block}`)
    await check(file)
    const output = await run([file], await settingsFor('contacts.read'))
    expect(output).toContain('+212661000101')
  }
})

test.for([
  [`linko.GET('/api/v1/contactz')`, 'a route that is not there'],
  [`linko.POST('/api/v1/messages/send', { body: { to: 5, text: 'a' } })`, 'a member of another type'],
  [`linko.POST('/api/v1/leads', { body: {} })`, 'a member that is missing'],
  [`unwrap(linko.GET('/api/v1/contacts')).then(({ data }) => data[0]?.phoneNumber)`, 'a member of an answer that is not there'],
])('%s does not compile', async ([call]) => {
  const file = write('wrong.ts', `${HEAD}\nawait ${call}\n`)
  await expect(check(file)).rejects.toThrow(/wrong\.ts\(\d+,\d+\): error TS/)
})

test('a refusal is an exception with its code, its sentence and its request id', async () => {
  const source = `${HEAD}
const error = await unwrap(linko.POST('/api/v1/labels', { body: { name: 'a' } })).catch(error => error)
console.log(JSON.stringify([error instanceof LinkoError, error.status, error.errorCode, error.message, typeof error.requestId]))
`
  const output = await run([write('refused.ts', source)], await settingsFor('contacts.read'))
  expect(JSON.parse(output)).toEqual([true, 403, 'FORBIDDEN', 'Your role does not allow this action.', 'string'])
})

test('the package holds what it names, and nothing of the checkout', () => {
  const { exports, files, dependencies } = JSON.parse(readFileSync(path.join(CLIENT, 'package.json'), 'utf8'))
  expect(files).toEqual(['dist', 'README.md'])
  expect(Object.keys(dependencies)).toEqual(['openapi-fetch'])
  const { types, default: code } = exports['.']
  for (const file of [types, code]) {
    const text = readFileSync(path.join(CLIENT, file), 'utf8')
    expect(text).not.toMatch(/'#|\.\.\/\.\.|\.ts'/)
  }
})
