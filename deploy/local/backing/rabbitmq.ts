import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import path from 'node:path'
import { connect } from 'amqplib'
import { freePort } from '../ports.ts'
import { type Supervised, supervise } from '../processes.ts'
import type { Registry } from '../registry.ts'
import { fetchPackage, findBinary, run } from './install.ts'
import type { PrivateServer, ServerLocation } from './private-server.ts'

/** RabbitMQ's own script. Debian's wrapper in /usr/sbin changes the user, and with it the home folder and the cookie. */
const SCRIPTS = ['/usr/lib/rabbitmq/bin/rabbitmq-server']

export const findRabbitmq = () => findBinary('rabbitmq-server', SCRIPTS)

export const fetchRabbitmq = () => fetchPackage('rabbitmq-server', findRabbitmq)

export interface PrivateRabbitmq extends PrivateServer {
  /** Evaluates an Erlang expression in the broker. */
  evaluate(expression: string): Promise<string>
}

/** The address of a private broker. */
export const rabbitmqUrl = (port: number) => `amqp://guest:guest@127.0.0.1:${port}`

/** Starts a private broker with its own node name, cookie, epmd and ports. */
export async function startRabbitmq(binary: string, { dir, port, registry }: ServerLocation): Promise<PrivateRabbitmq> {
  const home = path.join(dir, 'home')
  const epmd = await startEpmd(dir, registry)
  // The data folder has the node's name: a name that contained the port would lose the data when the port changes.
  const node = await startNode(binary, { dir, port, registry, name: 'linko@localhost', home, epmdPort: epmd.port }).catch(
    async error => {
      await epmd.supervised[Symbol.asyncDispose]()
      throw error
    },
  )
  return { url: node.url, supervised: [epmd.supervised, node.supervised], evaluate: node.evaluate }
}

/** Starts Erlang's register of names at a port of its own. */
export async function startEpmd(dir: string, registry: Registry): Promise<{ port: number; supervised: Supervised }> {
  const epmd = findEpmd()
  if (epmd === null) throw new Error("Erlang's epmd was not found")
  const port = await freePort()
  mkdirSync(dir, { recursive: true })
  const supervised = await supervise(
    {
      name: 'epmd',
      command: epmd,
      args: ['-port', String(port), '-address', '127.0.0.1'],
      env: { ...withoutBrokerSettings(), ERL_EPMD_PORT: String(port), ERL_EPMD_ADDRESS: '127.0.0.1' },
      logFile: path.join(dir, 'epmd.log'),
      ready: () => accepts(port),
      stopMs: 2000,
    },
    registry,
  )
  return { port, supervised }
}

/** A broker of one or several: nodes of one cluster share `home`, which holds the cookie, and the epmd. */
export interface NodeLocation extends ServerLocation {
  /** `<name>@localhost`. */
  name: string
  home: string
  epmdPort: number
}

export interface RabbitmqNode {
  url: string
  supervised: Supervised
  /** Runs `rabbitmqctl` for this node. @returns what it prints */
  control(...args: string[]): Promise<string>
  /** Evaluates an Erlang expression in the broker. */
  evaluate(expression: string): Promise<string>
}

/** Starts one node. */
export async function startNode(binary: string, location: NodeLocation): Promise<RabbitmqNode> {
  const { dir, port, registry, name, home } = location
  const env = await environment(location)
  mkdirSync(home, { recursive: true })
  mkdirSync(dir, { recursive: true })
  writeFileSync(path.join(dir, 'enabled_plugins'), '[].\n')
  writeFileSync(
    path.join(dir, 'rabbitmq.conf'),
    [
      `listeners.tcp.default = 127.0.0.1:${port}`,
      'disk_free_limit.absolute = 100MB',
      'vm_memory_high_watermark.relative = 0.4',
      'log.file.level = warning',
      '',
    ].join('\n'),
  )
  const url = rabbitmqUrl(port)
  const supervised = await supervise(
    {
      name: 'rabbitmq',
      command: binary,
      args: [],
      // Where Erlang writes what is left of a crash.
      cwd: dir,
      env,
      logFile: path.join(dir, 'rabbitmq.out'),
      ready: () => pingRabbitmq(url),
      // A bound for what hangs: on a machine that is busy a broker takes minutes.
      readyTimeoutMs: 300_000,
      stopMs: 20_000,
    },
    registry,
  )
  const rabbitmqctl = path.join(path.dirname(binary), 'rabbitmqctl')
  const control = (...args: string[]) => run(rabbitmqctl, ['--quiet', '--node', name, ...args], { env })
  return { url, supervised, control, evaluate: expression => control('eval', expression) }
}

async function environment({ dir, port, name, home, epmdPort }: NodeLocation): Promise<NodeJS.ProcessEnv> {
  return {
    ...withoutBrokerSettings(),
    HOME: home,
    ERL_CRASH_DUMP: path.join(dir, 'erl_crash.dump'),
    RABBITMQ_NODENAME: name,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(await freePort()),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: path.join(dir, 'data'),
    RABBITMQ_LOG_BASE: path.join(dir, 'log'),
    RABBITMQ_CONFIG_FILE: path.join(dir, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: path.join(dir, 'no-such-file'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(dir, 'enabled_plugins'),
    RABBITMQ_PID_FILE: path.join(dir, 'rabbitmq.pid'),
    // No busy waiting on idle cores; other nodes on this machine only; epmd is started by the launcher.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
  }
}

/** The environment without the settings of another broker on this machine. */
function withoutBrokerSettings(): NodeJS.ProcessEnv {
  const isBrokerSetting = (name: string) => /^(RABBITMQ|ERL)_/.test(name) || name === 'NOTIFY_SOCKET'
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isBrokerSetting(name)))
}

/** The `epmd` on PATH, else the one in Erlang's folder. */
function findEpmd(): string | null {
  const release = '/usr/lib/erlang'
  const runtimes = existsSync(release) ? readdirSync(release).filter(name => name.startsWith('erts-')) : []
  return findBinary('epmd') ?? findBinary('epmd', [...runtimes.map(name => `${release}/${name}/bin/epmd`), `${release}/bin/epmd`])
}

/** @throws Error unless the port accepts connections */
async function accepts(port: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
}

/** @throws Error unless the broker accepts a connection with these credentials */
export async function pingRabbitmq(url: string): Promise<void> {
  const connection = await connect(url, { timeout: 3000 })
  connection.on('error', () => undefined)
  await connection.close()
}
