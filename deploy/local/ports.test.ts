import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from './ports.ts'

test('the preferred port is taken if it is free, else the next one', async () => {
  const preferred = await freePort()
  const server = createServer()
  const other = await freePort(preferred + 100)
  await new Promise<void>(resolve => server.listen(other + 1, '127.0.0.1', resolve))
  expect(await freePort(other + 1)).toBeGreaterThan(other + 1)
  server.close()
})

test('a port is not assigned twice, not even one that another launcher has and does not use yet', async () => {
  const ours = await freePort()
  expect(await freePort(ours)).not.toBe(ours)
  const script = `import { freePort } from ${JSON.stringify(path.join(import.meta.dirname, 'ports.ts'))}; console.log(await freePort(${ours}))`
  const theirs = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(Number(theirs)).not.toBe(ours)
})

test('ports are below the range of outgoing connections', async () => {
  expect(await freePort()).toBeLessThan(32_768)
})
