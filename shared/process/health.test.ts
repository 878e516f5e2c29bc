import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { answerHealth, answerNotFound, listen, type MetricsConfig, serveHealth, serveMetrics } from './health.ts'

const HOST = '127.0.0.1'
const ready = () => ({ required: {} })

/** A service with health routes; the statuses and types of what it answers. */
async function open(config: Partial<MetricsConfig>) {
  const server = createServer((request, response) => {
    answerHealth(request, response, ready, config)
      .then(taken => taken || answerNotFound(response))
      .catch(() => response.destroy())
  })
  const { port } = await listen(server, HOST, 0)
  onTestFinished(() => void server.close().closeAllConnections())
  return Object.assign((path: string) => ask(port, path), { origin: `http://${HOST}:${port}` })
}

async function ask(port: number, path: string) {
  const answer = await fetch(`http://${HOST}:${port}${path}`)
  return { status: answer.status, type: answer.headers.get('content-type')?.split(';')[0], body: await answer.text() }
}

test('without a port of their own, metrics are served beside the health', async () => {
  const get = await open({})
  expect(await get('/metrics')).toMatchObject({ status: 200, body: expect.stringContaining('process_cpu') })
  expect(await serveMetrics({ HOST })).toBeNull()
})

test('health, readiness and metrics are read, and another method is 405', async () => {
  const get = await open({})
  expect((await get('/health')).status).toBe(200)
  for (const method of ['POST', 'DELETE', 'PUT'])
    for (const path of ['/health', '/ready', '/metrics']) {
      const answer = await fetch(`${get.origin}${path}`, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
      expect(await answer.json()).toMatchObject({ errorCode: 'METHOD_NOT_ALLOWED' })
    }
})

test('with a port of their own, metrics are served there and nowhere else', async () => {
  const get = await open({ METRICS_PORT: 0 })
  expect(await get('/metrics')).toMatchObject({ status: 404, type: 'application/problem+json' })
  expect((await get('/health')).status).toBe(200)
  await using metrics = await serveMetrics({ HOST: '0.0.0.0', METRICS_HOST: HOST, METRICS_PORT: 0 })
  const port = metrics?.port ?? 0
  expect(await ask(port, '/metrics')).toMatchObject({ status: 200, body: expect.stringContaining('process_cpu') })
  for (const path of ['/', '/health', '/ready', '/metrics/x']) expect((await ask(port, path)).status).toBe(404)
})

test('the sender answers an unknown address as the others do, without repeating it', async () => {
  await using health = await serveHealth({ host: HOST, port: 0, ready, metrics: {} })
  const { status, type, body } = await ask(health.port, '/%E0%A4%A')
  expect([status, type]).toEqual([404, 'application/problem+json'])
  expect(JSON.parse(body)).toEqual({ type: 'about:blank', title: 'Not Found', status: 404, errorCode: 'NOT_FOUND' })
})
