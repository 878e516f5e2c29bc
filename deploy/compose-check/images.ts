import { homedir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { attempt, run, show } from './engine.ts'
import { expectThat, PRODUCT, say } from './report.ts'

/** The images under test, as docker-compose.yml takes their names. */
export const IMAGES = { LINKO_IMAGE: 'linko-check', LINKO_DEMO_IMAGE: 'linko-check-demo' }

/** Builds both images as the compose file does. An `.npmrc` of this user is lent to the build and stays out of the image. */
export async function build(nodeImage: string): Promise<void> {
  for (const [target, tag] of [
    ['linko', IMAGES.LINKO_IMAGE],
    ['linko-demo', IMAGES.LINKO_DEMO_IMAGE],
  ] as const) {
    say(`building ${target}`)
    const npmrc = path.join(homedir(), '.npmrc')
    const secret = (await attempt('test', ['-f', npmrc])).code === 0 ? ['--secret', `id=npmrc,src=${npmrc}`] : []
    await show('docker', [
      'build',
      '--network',
      'host',
      '--build-arg',
      `NODE_IMAGE=${nodeImage}`,
      '--target',
      target,
      '-t',
      tag,
      ...secret,
      '.',
    ])
    const layers = await run('docker', ['history', '--no-trunc', '--format', '{{.CreatedBy}}', tag])
    expectThat(!layers.includes('_authToken'), `${tag} holds no token of the registry`)
  }
}

/** What must not start, whatever else is right. */
export async function refusals(): Promise<void> {
  say('refusals')
  const demo = parseEnv(await run('cat', ['deploy/demo/compose.env'])) as Record<string, string>
  const production = { ...demo, NODE_ENV: 'production', MONGODB_URI: 'mongodb://x/linko', REDIS_URL: 'redis://x' }
  const start = (image: string, what: string, env: Record<string, string>) =>
    attempt('docker', ['run', '--rm', ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]), image, what])
  for (const service of PRODUCT) {
    const url = `amqp://linko-${service}:${demo[`RABBITMQ_${service.toUpperCase()}_PASSWORD`]}@x`
    const { code, output } = await start(IMAGES.LINKO_IMAGE, service, { ...production, RABBITMQ_URL: url })
    const lines = output.split('\n').filter(line => /^\s+[A-Z_]+: /.test(line))
    expectThat(
      code !== 0 && lines.length > 0,
      `${service} refuses the demo's values: ${lines.map(line => line.trim()).join(' | ')}`,
    )
  }
  for (const what of ['seed', 'simulator']) {
    expectThat((await start(IMAGES.LINKO_DEMO_IMAGE, what, production)).code !== 0, `${what} refuses production`)
    expectThat((await start(IMAGES.LINKO_IMAGE, what, demo)).code !== 0, `the image for production has no ${what}`)
  }
}
