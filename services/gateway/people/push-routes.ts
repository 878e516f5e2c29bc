import { z } from 'zod'
import { isBrowserKey, webPushKeys } from '#shared/auth/web-push.ts'
import { ApiError } from '#shared/domain/errors.ts'
import { route } from '#shared/http/route.ts'
import { hasPushSubscription, removePushSubscription, savePushSubscription } from '#shared/store/accounts/push-subscriptions.ts'
import { asTenant } from '#shared/store/tenancy/tenancy.ts'
import type { GatewayDeps } from '../deps.ts'
import { requireUrl } from '../subscriptions/require-url.ts'
import { currentSession, ownerOf } from './session-routes.ts'

const path = '/api/v1/auth/push-subscription'
const tag = 'auth'

const PushView = z.object({
  publicKey: z
    .string()
    .nullable()
    .describe('Key of this installation for `PushManager.subscribe`; null: the operator has not set TOKEN_ENCRYPTION_KEY'),
  isSubscribed: z.boolean().describe('Whether the session of the refresh cookie is told'),
})

/** A browser's `PushSubscription.toJSON()`. */
const PushBody = z.strictObject({
  endpoint: z.url().max(2000).describe('Address at the push service of the browser'),
  keys: z.strictObject({
    p256dh: z
      .string()
      .max(100)
      .refine(isBrowserKey, 'Must be a P-256 public key in base64url')
      .describe('Public key of the browser'),
    auth: z
      .string()
      .regex(/^[\w-]{22}={0,2}$/, 'Must be 16 bytes in base64url')
      .describe('Secret of the subscription'),
  }),
  publicKey: z.string().max(200).describe('The key with which the browser has subscribed'),
})

const get = route({
  method: 'get',
  path,
  action: 'session.read',
  tag,
  summary: 'Get the key for Web Push, and whether this browser is told of news while Linko is closed',
  returns: PushView,
  async handle(request, deps: GatewayDeps) {
    const owner = ownerOf(request)
    return await asTenant(owner.tenantId, async () => {
      const sessionId = await currentSession(request, deps, owner)
      const isSubscribed = sessionId !== null && (await hasPushSubscription(deps.store, { ...owner, sessionId }))
      const [key] = deps.keyring === null ? [] : webPushKeys(deps.keyring)
      return { body: { publicKey: key?.publicKey ?? null, isSubscribed } }
    })
  },
})

const put = route({
  method: 'put',
  path,
  action: 'session.write',
  tag,
  summary: 'Tell this browser of news in your conversations while Linko is closed, until its session ends',
  body: PushBody,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const owner = ownerOf(request)
    const { endpoint, keys, publicKey } = request.body
    requireUrl(endpoint, deps, 'endpoint')
    const key = deps.keyring && webPushKeys(deps.keyring).find(one => one.publicKey === publicKey)
    if (!key)
      throw new ApiError(
        409,
        'PUSH_KEY_CHANGED',
        'The key is not one of this installation. Get the present one and subscribe anew.',
      )
    await asTenant(owner.tenantId, async () => {
      const sessionId = await currentSession(request, deps, owner)
      if (sessionId === null) throw new ApiError(401, 'REFRESH_INVALID', 'The session is not valid. Sign in again.')
      const { BASE_URL } = deps.config
      const subject = BASE_URL.startsWith('https:') ? BASE_URL : null
      const browser = { endpoint, p256dh: keys.p256dh, auth: keys.auth, keyId: key.keyId, subject }
      await savePushSubscription(deps.store, { ...owner, sessionId }, browser, deps.now())
    })
    return {}
  },
})

const remove = route({
  method: 'delete',
  path,
  action: 'session.write',
  tag,
  summary: 'Tell this browser of nothing any more while Linko is closed',
  status: 204,
  async handle(request, deps: GatewayDeps) {
    const owner = ownerOf(request)
    await asTenant(owner.tenantId, async () => {
      const sessionId = await currentSession(request, deps, owner)
      if (sessionId !== null) await removePushSubscription(deps.store, { ...owner, sessionId })
    })
    return {}
  },
})

export const pushRoutes = [get, put, remove]
