import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from '#shared/process/health.ts'
import { createGatewayServer } from './server.ts'

const ready = () => ({ required: {} })

test('a proxy closes its unused connections first; requests and connections are bounded', () => {
  const server = createGatewayServer(() => undefined, ready)
  expect(server.keepAliveTimeout).toBeGreaterThan(60_000)
  expect(server.headersTimeout).toBeLessThanOrEqual(15_000)
  // 100 MB within the time are less than 3 Mbit/s.
  expect(server.requestTimeout).toBeGreaterThan(0)
  expect((100_000_000 * 8) / (server.requestTimeout / 1000)).toBeLessThan(3_000_000)
  expect(server.maxConnections).toBeGreaterThan(0)
})

test('connections beyond the bound are closed at once, the others go on', async () => {
  const server = createGatewayServer((_request, response) => response.end('answer'), ready)
  server.maxConnections = 1
  await using listening = await listen(server, '127.0.0.1', 0)
  const first = connect(listening.port, '127.0.0.1')
  await once(first, 'connect')
  const second = connect(listening.port, '127.0.0.1')
  second.on('error', () => undefined)
  await once(second, 'close')
  first.write('GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const [answer] = await once(first, 'data')
  expect(String(answer)).toContain('200 OK')
  first.destroy()
})
