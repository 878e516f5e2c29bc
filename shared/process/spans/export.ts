import { randomUUID } from 'node:crypto'
import { OTLP_PROTOCOL, type TracesConfig, VERSION } from '../config.ts'
import type { Logger } from '../logger.ts'
import { spans } from './spans.ts'

/**
 * Exports the spans of this process from now on, if the configuration names a collector; else it does nothing and loads nothing.
 * Disposing exports what is left, for at most three seconds.
 * @param service name of the service, as in `linko-<service>`
 */
export async function exportSpans(service: string, config: TracesConfig, log: Logger): Promise<AsyncDisposable | null> {
  const url = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? tracesOf(config.OTEL_EXPORTER_OTLP_ENDPOINT)
  if (url === undefined) return null
  const { OTEL_EXPORTER_OTLP_PROTOCOL: protocol } = config
  if (protocol !== OTLP_PROTOCOL) {
    // A cluster may set it for everybody: what is watched does not stop because of who watches.
    log.error({ protocol }, `spans not exported: OTEL_EXPORTER_OTLP_PROTOCOL must be ${OTLP_PROTOCOL}`)
    return null
  }
  const { createOtlpExport } = await import('./otlp.ts')
  const exporter = createOtlpExport({
    url,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    sampler: config.OTEL_TRACES_SAMPLER,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    resource: {
      ...config.OTEL_RESOURCE_ATTRIBUTES,
      'service.name': config.OTEL_SERVICE_NAME ?? `linko-${service}`,
      'service.version': VERSION,
      'service.instance.id': randomUUID(),
    },
    log,
  })
  spans.record = exporter.record
  // The address may hold a user and a password.
  log.info({ collector: new URL(url).host }, 'spans exported')
  return {
    async [Symbol.asyncDispose]() {
      spans.record = null
      await exporter[Symbol.asyncDispose]()
    },
  }
}

/** The address for traces below the address of a collector. */
const tracesOf = (endpoint: string | undefined) => endpoint && `${endpoint.replace(/\/+$/, '')}/v1/traces`
