import { ApiError } from '#shared/domain/errors.ts'
import type { GatewayConfig } from '../config.ts'

const SCOPES = 'whatsapp_business_management,whatsapp_business_messaging'

/** Where Meta's dialog returns to. */
export const callbackUrl = ({ BASE_URL }: Pick<GatewayConfig, 'BASE_URL'>): string =>
  `${BASE_URL.replace(/\/+$/, '')}/api/auth/whatsapp/callback`

/**
 * Address of the sign-up dialog, for a redirect as for a popup. `config_id` chooses the version of Embedded Signup; without one the
 * scopes do. @throws ApiError 409 APP_MISSING
 */
export function dialogUrl(config: GatewayConfig, state: string, { coexistence }: { coexistence: boolean }): string {
  const { META_APP_ID, META_CONFIG_ID, META_DIALOG_URL, META_API_VERSION } = config
  if (META_APP_ID === undefined || config.META_APP_SECRET === undefined)
    throw new ApiError(
      409,
      'APP_MISSING',
      'Numbers cannot be connected: the operator has not set META_APP_ID and META_APP_SECRET.',
    )
  const url = new URL(`${META_DIALOG_URL.replace(/\/+$/, '')}/${META_API_VERSION}/dialog/oauth`)
  const extras = { setup: {}, ...(coexistence && { featureType: 'whatsapp_business_app_onboarding' }) }
  const query = {
    client_id: META_APP_ID,
    redirect_uri: callbackUrl(config),
    response_type: 'code',
    scope: SCOPES,
    state,
    ...(META_CONFIG_ID && {
      config_id: META_CONFIG_ID,
      override_default_response_type: 'true',
      extras: JSON.stringify(extras),
    }),
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}
