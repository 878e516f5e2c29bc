import { randomUUID } from 'node:crypto'
import { createFaults } from './control/faults.ts'
import { DEFAULT_DELIVERY, DEFAULT_RULES } from './rules.ts'
import { createLimits } from './sending/limits.ts'
import { createBatches } from './webhooks/batches.ts'
import { createDeliverer } from './webhooks/delivery.ts'
import { addDemoWorld } from './world/demo.ts'
import { savedWorld, saveWorld, signOf } from './world/saved.ts'
import { type App, emptyWorld, type World } from './world/world.ts'

export interface SimulatorOptions {
  host?: string
  /** 0, the default, takes a free one. */
  port?: number
  appId?: string
  appSecret?: string
  appName?: string
  verifyToken?: string
  /** Where the app's webhooks go; null sends none until a test names an address. */
  webhookUrl?: string | null
  webhookVersion?: number
  /** Divides the waits between repeated deliveries. */
  retrySpeed?: number
  /** How long a template is under review. */
  reviewMs?: number
  /** Accepted sends and webhook deliveries kept for the log. */
  keepMessages?: number
  keepWebhooks?: number
  /** Without it the world holds no tenant. */
  demo?: boolean
  /** Address of the simulator as receivers of webhooks reach it: it stands in the urls of media. Its own by default. */
  publicUrl?: string
  /** Where the world is kept between two runs. */
  stateFile?: string
  now?: () => number
}

const SAVE_EVERY_MS = 5000

export type Simulation = ReturnType<typeof createSimulation>

/** One simulated Meta: its world, its rules and what it still has to do. No state outside it. */
export function createSimulation(options: SimulatorOptions = {}) {
  const clock = options.now ?? Date.now
  const timers = new Set<NodeJS.Timeout>()
  let offsetMs = 0
  let savings: NodeJS.Timeout | undefined
  let idleWaiters: (() => void)[] = []

  const deliverer = createDeliverer({
    secret: () => simulation.world.app.secret,
    retrySpeed: options.retrySpeed ?? 20,
    keep: options.keepWebhooks ?? 20_000,
  })

  const simulation = {
    options,
    world: savedWorld(options, freshWorld(options, clock())),
    rules: { ...DEFAULT_RULES },
    delivery: { ...DEFAULT_DELIVERY },
    limits: createLimits(),
    faults: createFaults(),
    deliverer,
    batches: createBatches(deliverer),
    /** Messages held by pacing, by template id. */
    held: new Map<string, (() => void)[]>(),
    /** Management calls of the running hour, by WABA. */
    calls: new Map<string, { hour: number; count: number }>(),
    /** Own address, known once listening. */
    url: '',
    now: () => clock() + offsetMs,
    /** Moves the simulated clock: windows close, tokens and codes run out. Timers are not moved. */
    setClock: (ms: number) => {
      offsetMs = ms
    },
    id: () => randomUUID(),
    later,
    reset,
    idle,
    async close(): Promise<void> {
      clearInterval(savings)
      clearTimers()
      idleWaiters = []
      if (options.stateFile) saveWorld(options.stateFile, simulation.world)
      await deliverer.close()
    },
  }
  if (options.stateFile) keepSaved(options.stateFile)
  return simulation

  /** Until `close`: what happened in the last seconds before a crash is lost, nothing else. */
  function keepSaved(file: string): void {
    let saved = ''
    savings = setInterval(() => {
      const sign = signOf(simulation.world)
      if (sign !== saved) saveWorld(file, simulation.world)
      saved = sign
    }, SAVE_EVERY_MS)
  }

  function later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run()
      if (timers.size === 0) for (const resolve of idleWaiters.splice(0)) resolve()
    }, delayMs)
    timers.add(timer)
  }

  function clearTimers(): void {
    for (const timer of timers) clearTimeout(timer)
    timers.clear()
  }

  /** Back to the demo world: nothing sent, nothing pending, default rules, no faults. */
  function reset(): void {
    clearTimers()
    for (const resolve of idleWaiters.splice(0)) resolve()
    deliverer.clear()
    simulation.batches.clear()
    simulation.limits.clear()
    simulation.faults.set([])
    simulation.held.clear()
    simulation.calls.clear()
    offsetMs = 0
    Object.assign(simulation.rules, DEFAULT_RULES)
    Object.assign(simulation.delivery, DEFAULT_DELIVERY)
    deliverer.setRetrySpeed(options.retrySpeed ?? 20)
    simulation.world = freshWorld(options, clock())
  }

  /** Resolves when no status is to come and no webhook is left to deliver. */
  async function idle(): Promise<void> {
    while (timers.size > 0 || deliverer.pending() > 0) {
      if (timers.size > 0) await new Promise<void>(resolve => idleWaiters.push(resolve))
      simulation.batches.flushAll()
      await deliverer.idle()
    }
  }
}

function freshWorld(options: SimulatorOptions, now: number): World {
  const app: App = {
    id: options.appId ?? '918273645500112',
    portfolioId: '604488220013377',
    secret: options.appSecret ?? 'simulator-app-secret',
    name: options.appName ?? 'Linko Sim',
    webhookUrl: options.webhookUrl ?? null,
    verifyToken: options.verifyToken ?? 'simulator-verify-token',
    webhookVersion: options.webhookVersion ?? 25,
    requireProof: false,
  }
  const world = emptyWorld(app, options.keepMessages ?? 100_000)
  if (options.demo ?? true) addDemoWorld(world, now)
  return world
}
