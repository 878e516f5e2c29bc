import { randomUUID } from 'node:crypto'
import { WEBHOOK_FIELDS } from '#shared/domain/onboarding/webhook-fields.ts'
import { createFaults } from './control/faults.ts'
import { DEFAULT_DELIVERY, DEFAULT_RULES } from './rules.ts'
import { createLimits } from './sending/limits.ts'
import { createBatches } from './webhooks/batches.ts'
import { createDeliverer } from './webhooks/delivery.ts'
import { RingBuffer } from './world/bounded.ts'
import { addDemoWorld } from './world/demo.ts'
import { fingerprintOf, savedWorld, saveWorld } from './world/saved.ts'
import { type App, emptyWorld, type ThreadOwner, type World } from './world/world.ts'

export interface SimulatorOptions {
  host?: string
  /** 0, the default, takes a free port. */
  port?: number
  appId?: string
  appSecret?: string
  appName?: string
  verifyToken?: string
  /** Where the app's webhooks go; null sends none until a test sets an address. */
  webhookUrl?: string | null
  webhookVersion?: number
  /** Divides the delays between repeated deliveries. */
  retrySpeed?: number
  /** How long the review of a template takes. */
  reviewMs?: number
  /** How many accepted sends are kept for the log. */
  keepMessages?: number
  /** How many webhook deliveries are kept for the log. */
  keepWebhooks?: number
  /** Whether the world starts with the demo's tenants; true by default. */
  demo?: boolean
  /** Address at which receivers of webhooks reach the simulator, for the URLs of media. Its own address by default. */
  publicUrl?: string
  /** File that keeps the world between two runs; none by default. */
  stateFile?: string
  now?: () => number
}

/** A Graph call that was carried out. */
export interface GraphCall {
  at: number
  method: string
  /** Without the version. */
  path: string
  /** HTTP status of the answer, which a fault may have kept from the caller. */
  status: number
}

const SAVE_EVERY_MS = 5000

export type Simulation = ReturnType<typeof createSimulation>

/** One simulated Meta: its world, its rules and its pending work. The simulator has no state outside it. */
export function createSimulation(options: SimulatorOptions = {}) {
  const clock = options.now ?? Date.now
  const timers = new Set<NodeJS.Timeout>()
  let offsetMs = 0
  let saveTimer: NodeJS.Timeout | undefined
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
    /** Functions that release the messages held by pacing, by template id. */
    held: new Map<string, (() => void)[]>(),
    /** Owner of a thread whose number has a second responder, by conversation key. */
    owners: new Map<string, ThreadOwner>(),
    /** Management calls of the current hour, by WABA. */
    calls: new Map<string, { hour: number; count: number }>(),
    /** Graph calls that were carried out, other than sends: newest last. */
    graphCalls: new RingBuffer<GraphCall>(5000),
    /** The simulator's own address; set once it listens. */
    url: '',
    now: () => clock() + offsetMs,
    /** Moves the simulated clock: windows close, tokens and codes expire. Timers do not move. */
    setClock: (ms: number) => {
      offsetMs = ms
    },
    id: () => randomUUID(),
    schedule,
    reset,
    idle,
    async close(): Promise<void> {
      clearInterval(saveTimer)
      clearTimers()
      idleWaiters = []
      if (options.stateFile) saveWorld(options.stateFile, simulation.world)
      await deliverer.close()
    },
  }
  if (options.stateFile) saveRegularly(options.stateFile)
  return simulation

  /** Saves the world every few seconds until `close`. A crash loses the changes since the last save. */
  function saveRegularly(file: string): void {
    let saved = ''
    saveTimer = setInterval(() => {
      const fingerprint = fingerprintOf(simulation.world)
      if (fingerprint !== saved) saveWorld(file, simulation.world)
      saved = fingerprint
    }, SAVE_EVERY_MS)
  }

  /** Runs after a delay, unless the simulation is closed or reset before. `idle` waits for it. */
  function schedule(delayMs: number, run: () => void): void {
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

  /** Returns to the initial world: nothing sent, nothing pending, default rules, no faults. */
  function reset(): void {
    clearTimers()
    for (const resolve of idleWaiters.splice(0)) resolve()
    deliverer.clear()
    simulation.batches.clear()
    simulation.limits.clear()
    simulation.faults.set([])
    simulation.held.clear()
    simulation.owners.clear()
    simulation.calls.clear()
    simulation.graphCalls.clear()
    offsetMs = 0
    Object.assign(simulation.rules, DEFAULT_RULES)
    Object.assign(simulation.delivery, DEFAULT_DELIVERY)
    deliverer.setRetrySpeed(options.retrySpeed ?? 20)
    simulation.world = freshWorld(options, clock())
  }

  /** Resolves when no status is pending and every webhook is delivered or dropped. */
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
    fields: Object.keys(WEBHOOK_FIELDS),
  }
  const world = emptyWorld(app, options.keepMessages ?? 100_000)
  if (options.demo ?? true) addDemoWorld(world, now)
  return world
}
