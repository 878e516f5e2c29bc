import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '#shared/process/config.ts'
import { ADDRESSES, SECRETS } from '#shared/process/secrets.ts'

/** Processes of Linko on ECS, with the CPU (1024: one core) and the MB of memory of a task. */
const SIZES = {
  migrate: [512, 1024],
  gateway: [1024, 2048],
  ingest: [1024, 2048],
  realtime: [512, 1024],
  sender: [1024, 2048],
} as const
type Name = keyof typeof SIZES

interface ComposeService {
  command: string[]
  environment: Record<string, string>
  healthcheck?: { test: string[]; interval: string; timeout: string }
}

/** Where a value of the reader's own stands. */
const [ACCOUNT, REGION] = ['111122223333', 'eu-west-3']
/** Directory of the image that its user may write to: `VOLUME` in the Dockerfile. */
const WRITABLE = '/var/lib/linko'

/**
 * Task definitions of ECS on Fargate, made of `docker-compose.yml`, so that both tell a service the same. Secrets and addresses with
 * a password come from Secrets Manager; settings that have no value by default are left out.
 * @returns by the name of the file
 */
export function taskDefinitions(): Record<string, object> {
  const compose = parse(readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<Name, ComposeService>
  }
  return Object.fromEntries(
    (Object.keys(SIZES) as Name[]).map(name => [`${name}.json`, taskDefinition(name, compose.services[name])]),
  )
}

function taskDefinition(name: Name, { command, environment, healthcheck }: ComposeService): object {
  const [cpu, memory] = SIZES[name]
  const settings = Object.entries(environment).map(([key, value]) => ({ name: key, value: defaultOf(value) }))
  const isSecret = (key: string) => key in SECRETS || (ADDRESSES as readonly string[]).includes(key)
  const port = settings.find(({ name: key }) => key.endsWith('_PORT') && key !== 'METRICS_PORT')?.value
  return {
    family: `linko-${name}`,
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    ...{ cpu: String(cpu), memory: String(memory) },
    executionRoleArn: `arn:aws:iam::${ACCOUNT}:role/linko-execution`,
    taskRoleArn: `arn:aws:iam::${ACCOUNT}:role/linko-task`,
    volumes: [{ name: 'linko', ...(name === 'ingest' && spoolVolume) }],
    containerDefinitions: [
      {
        name,
        image: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/linko:VERSION`,
        command,
        essential: true,
        readonlyRootFilesystem: true,
        linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
        mountPoints: [{ sourceVolume: 'linko', containerPath: WRITABLE }],
        ...(port && { portMappings: [{ containerPort: Number(port), protocol: 'tcp' }] }),
        // A service finishes what it has in hand within 25 s of SIGTERM.
        stopTimeout: 30,
        ...(healthcheck && {
          healthCheck: { command: healthcheck.test, interval: 10, timeout: 10, retries: 3, startPeriod: 60 },
        }),
        environment: [
          ...settings.filter(({ name: key, value }) => value !== null && !isSecret(key)),
          { name: 'TMPDIR', value: WRITABLE },
        ],
        secrets: settings
          .filter(({ name: key }) => isSecret(key) && isRequired(environment[key] as string))
          .map(({ name: key }) => ({ name: key, valueFrom: secretOf(name, key) })),
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/linko', 'awslogs-region': REGION, 'awslogs-stream-prefix': name },
        },
      },
    ],
  }
}

/** The spool outlives its task: a file system of EFS, whose access point gives the directory to the user of the image. */
const spoolVolume = {
  efsVolumeConfiguration: {
    fileSystemId: 'fs-SPOOL',
    transitEncryption: 'ENABLED',
    authorizationConfig: { accessPointId: 'fsap-SPOOL', iam: 'ENABLED' },
  },
}

/** Each service signs in to RabbitMQ as itself; the rest is the same secret for all. */
const secretOf = (name: Name, key: string) =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:linko/${key.startsWith('RABBITMQ') ? `${name}/` : ''}${key}`

/** Whether a service does not start, or does not work, without a value of one's own. */
const isRequired = (value: string): boolean => !/^\$\{\w+:-\}$/.test(value)

/** Value that compose takes where nothing is set; null: none, or one that only the reader knows. */
function defaultOf(value: string): string | null {
  const [, fallback, required] = /^\$\{\w+(?::-([^}]*)|:\?([^}]*))\}$/.exec(value) ?? []
  if (required !== undefined) return 'SET-ME'
  return fallback === undefined ? value : fallback || null
}

if (import.meta.main) {
  const target = path.join(ROOT, 'deploy/aws')
  mkdirSync(target, { recursive: true })
  for (const [file, definition] of Object.entries(taskDefinitions()))
    writeFileSync(path.join(target, file), `${JSON.stringify(definition, null, 2)}\n`)
}
