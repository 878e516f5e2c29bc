import { once } from 'node:events'
import { createServer } from 'node:http'
import { answerHealth } from '#shared/process/health.ts'
import { createControl } from './control/control.ts'
import { handle } from './server.ts'
import { createSimulation, type SimulatorOptions } from './simulation.ts'

export type { SimulatorOptions } from './simulation.ts'

/** A listening simulator. Its control functions do what `/_sim` does over HTTP. */
export type Simulator = Awaited<ReturnType<typeof createSimulator>>

/** Starts a simulator with a world of its own, by default on a free port and with the demo world. */
export async function createSimulator(options: SimulatorOptions = {}) {
  const sim = createSimulation(options)
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  async function serve(...[request, response]: Parameters<Parameters<typeof createServer>[1] & {}>): Promise<void> {
    const isHealth = request.url === '/health' || request.url === '/ready' || request.url === '/metrics'
    if (isHealth && (await answerHealth(request, response, () => ({ required: { simulator: true } })))) return
    await handle(sim, request, response)
  }

  const host = options.host ?? '127.0.0.1'
  server.listen(options.port ?? 0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  sim.url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`

  async function close(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await Promise.all([closed, sim.close()])
  }

  return { url: sim.url, port, sim, ...createControl(sim), close, [Symbol.asyncDispose]: close }
}
