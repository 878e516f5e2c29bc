import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import path from 'node:path'
import { connect } from 'amqplib'
import { freePort } from '../ports.ts'
import { supervise } from '../processes.ts'
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
  const distribution = await freePort()
  const epmdPort = await freePort()
  const env = environment(dir, port, distribution, epmdPort)
  mkdirSync(path.join(dir, 'home'), { recursive: true })
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
  const epmd = findEpmd()
  if (epmd === null) throw new Error("Erlang's epmd was not found")
  const daemon = await supervise(
    {
      name: 'epmd',
      command: epmd,
      args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
      env,
      logFile: path.join(dir, 'epmd.log'),
      ready: () => accepts(epmdPort),
      stopMs: 2000,
    },
    registry,
  )
  const supervised = await supervise(
    {
      name: 'rabbitmq',
      command: binary,
      args: [],
      env,
      logFile: path.join(dir, 'rabbitmq.out'),
      ready: () => pingRabbitmq(url),
      readyTimeoutMs: 90_000,
      stopMs: 20_000,
    },
    registry,
  ).catch(async error => {
    await daemon[Symbol.asyncDispose]()
    throw error
  })
  const rabbitmqctl = path.join(path.dirname(binary), 'rabbitmqctl')
  return {
    url,
    supervised: [daemon, supervised],
    evaluate: expression => run(rabbitmqctl, ['--quiet', 'eval', expression], { env }),
  }
}

function environment(dir: string, port: number, distribution: number, epmd: number): NodeJS.ProcessEnv {
  return {
    ...withoutBrokerSettings(),
    HOME: path.join(dir, 'home'),
    // The data folder has the node's name: a name that contained the port would lose the data when the port changes.
    RABBITMQ_NODENAME: 'linko@localhost',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(epmd),
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
