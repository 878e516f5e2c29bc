import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'
import { findBinary } from '../local/backing/install.ts'
import { fetchMongod, findMongod } from '../local/backing/mongodb.ts'
import { attempt, run, show } from './engine.ts'

/**
 * Base images made on this machine, for one without a way to a registry of images: Debian by `debootstrap`, with Node, npm, RabbitMQ,
 * Redis, MongoDB and its shell. They stand in for the published ones as far as docker-compose.yml uses them: same programs, users
 * and folders. All are one file system under several names, so the engine keeps it once.
 */
const NAMES = { NODE: 'node', MONGODB: 'mongodb', RABBITMQ: 'rabbitmq', REDIS: 'redis' } as const
type Kind = keyof typeof NAMES
const imageOf = (kind: Kind) => `linko-base-${NAMES[kind]}:local`

const MONGOSH = 'mongosh@2.12.0'
const PACKAGES = ['ca-certificates', 'rabbitmq-server', 'redis-server', 'libcurl4', 'libssl3', 'libgssapi-krb5-2']
const BULKY = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info']

const PATH = '/usr/lib/rabbitmq/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin'

/** What each image says of itself, as the published ones do. */
const CHANGES: Record<Kind, string[]> = {
  NODE: ['CMD ["node"]'],
  MONGODB: ['VOLUME /data/db /data/configdb', 'CMD ["mongod"]'],
  RABBITMQ: ['ENV RABBITMQ_LOGS=-', 'ENV HOME=/var/lib/rabbitmq', 'VOLUME /var/lib/rabbitmq', 'CMD ["rabbitmq-server"]'],
  REDIS: ['VOLUME /data', 'WORKDIR /data', 'CMD ["redis-server"]'],
}

/** The settings of docker-compose.yml for the images, which are made unless the engine has them. @throws Error without root */
export async function localBases(): Promise<Record<string, string>> {
  const kinds = Object.keys(NAMES) as Kind[]
  const present = await Promise.all(kinds.map(kind => attempt('docker', ['image', 'inspect', imageOf(kind)])))
  if (present.some(({ code }) => code !== 0)) await makeBases(kinds)
  return Object.fromEntries(kinds.map(kind => [`LINKO_${kind}_IMAGE`, imageOf(kind)]))
}

async function makeBases(kinds: readonly Kind[]): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Local base images need root.')
  if (findBinary('debootstrap') === null) throw new Error('Local base images need debootstrap: apt-get install debootstrap')
  const root = path.join(ROOT, '.linko/bases')
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  console.log('making a Debian with RabbitMQ and Redis, which takes minutes')
  await run('debootstrap', ['--variant=minbase', `--include=${PACKAGES.join(',')}`, 'bookworm', root])
  await addPrograms(root)
  await addUsers(root)
  for (const folder of BULKY) rmSync(path.join(root, folder), { recursive: true, force: true })
  const common = [`ENV PATH=${PATH}`, ...addCertificate(root)]
  const archive = `${root}.tar`
  await run('tar', ['-C', root, '-cf', archive, '.'])
  for (const kind of kinds) {
    const changes = [...common, ...CHANGES[kind]]
    await run('docker', ['import', ...changes.flatMap(change => ['--change', change]), archive, imageOf(kind)])
    console.log(`  ${imageOf(kind)}`)
  }
  rmSync(archive)
  rmSync(root, { recursive: true, force: true })
}

/** Node as it runs here, npm of this machine, MongoDB as `npm start` finds it, and its shell. */
async function addPrograms(root: string): Promise<void> {
  const into = (...parts: string[]) => path.join(root, ...parts)
  const npm = findBinary('npm')
  if (npm === null) throw new Error('npm was not found.')
  cpSync(realpathSync(process.execPath), into('usr/local/bin/node'))
  cpSync(path.resolve(realpathSync(npm), '../..'), into('usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', into('usr/local/bin/npm'))
  const mongod = findMongod() ?? (await fetchMongod()).binary
  cpSync(mongod, into('usr/local/bin/mongod'))
  mkdirSync(into('opt/mongosh'), { recursive: true })
  writeFileSync(into('opt/mongosh/package.json'), '{}')
  await show('npm', [
    'install',
    '--prefix',
    into('opt/mongosh'),
    '--omit=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    MONGOSH,
  ])
  const shell = '#!/bin/sh\nexec node /opt/mongosh/node_modules/mongosh/bin/mongosh.js "$@"\n'
  writeFileSync(into('usr/local/bin/mongosh'), shell, { mode: 0o755 })
}

/** The users of the published images, with the numbers that they have there. */
async function addUsers(root: string): Promise<void> {
  const commands = [
    'groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node',
    'mkdir -p /data/db /data/configdb',
    'groupadd --gid 899 mongodb && useradd --uid 899 --gid mongodb --home-dir /data/db mongodb',
    'chown -R mongodb:mongodb /data/db /data/configdb',
    'chown redis:redis /data',
    'rm -rf /var/lib/rabbitmq/mnesia /var/lib/rabbitmq/.erlang.cookie /etc/rabbitmq/rabbitmq-env.conf',
    'mkdir -p /var/lib/rabbitmq /var/log/rabbitmq /etc/rabbitmq/conf.d && chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq',
  ]
  await run('chroot', [root, '/bin/sh', '-ec', commands.join('\n')])
}

/** A machine behind a proxy with an authority of its own tells Node by this variable; inside, its certificates are needed too. */
function addCertificate(root: string): string[] {
  const own = process.env.NODE_EXTRA_CA_CERTS
  if (!own || !existsSync(own)) return []
  const place = '/usr/local/share/own-authority.crt'
  cpSync(realpathSync(own), path.join(root, place))
  return [`ENV NODE_EXTRA_CA_CERTS=${place}`]
}
