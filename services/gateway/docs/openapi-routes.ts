import { type Route, route } from '#shared/http/route.ts'
import type { GatewayConfig } from '../config.ts'
import type { GatewayDeps } from '../deps.ts'
import { describeApi } from './describe-api.ts'
import { postmanCollection } from './postman.ts'
import type { Json } from './schemas.ts'

/** Origin of ingest: that of the configured webhook address, or `BASE_URL` when one proxy serves all services. */
export function ingestUrlOf(config: { BASE_URL: string; SIMULATOR_WEBHOOK_URL?: string | undefined }): string {
  return config.SIMULATOR_WEBHOOK_URL ? new URL(config.SIMULATOR_WEBHOOK_URL).origin : config.BASE_URL
}

/** Routes of the document and its Postman collection. @param all returns every route, these included; called on the first request */
export function openapiRoutes(all: () => readonly Route<GatewayDeps>[]): Route<GatewayDeps>[] {
  const documents = new WeakMap<GatewayConfig, Json>()
  const documentOf = (config: GatewayConfig) => {
    const made = documents.get(config) ?? describeApi(all(), { baseUrl: config.BASE_URL, ingestUrl: ingestUrlOf(config) })
    documents.set(config, made)
    return made
  }
  const documentRoute = (name: string, summary: string, make: (config: GatewayConfig) => Json) =>
    route({
      method: 'get',
      path: `/api/v1/${name}.json`,
      action: null,
      bucket: 'none',
      tag: 'service',
      summary,
      async handle(_request, { config }: GatewayDeps) {
        return { body: make(config) }
      },
    })
  return [
    documentRoute('openapi', 'Get this API as an OpenAPI document', documentOf),
    documentRoute('postman', 'Get this API as a Postman collection', config => postmanCollection(documentOf(config))),
  ]
}
