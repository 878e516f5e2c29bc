import { expect, test } from 'vitest'
import { readGatewayConfig } from '../config.ts'
import { dialogUrl } from './dialog.ts'

const SERVERS = { MONGODB_URI: 'mongodb://x', RABBITMQ_URL: 'amqp://x', REDIS_URL: 'redis://x' }
const SECRETS = { JWT_SECRET: 'secret-of-the-test-with-thirty-two-bytes', META_APP_SECRET: 'secret-of-the-app-of-this-test' }
const config = (more: Record<string, string> = {}) =>
  readGatewayConfig({
    NODE_ENV: 'test',
    ...SERVERS,
    ...SECRETS,
    META_APP_ID: '918273645500112',
    BASE_URL: 'https://linko.example/',
    ...more,
  })
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams)

test('[ON-03] the dialog opens at Meta, for our app and our return address', () => {
  const url = dialogUrl(config(), 'the-state', { coexistence: false })
  expect(url.startsWith('https://www.facebook.com/v25.0/dialog/oauth?')).toBe(true)
  expect(queryOf(url)).toEqual({
    client_id: '918273645500112',
    redirect_uri: 'https://linko.example/api/auth/whatsapp/callback',
    response_type: 'code',
    scope: 'whatsapp_business_management,whatsapp_business_messaging',
    state: 'the-state',
  })
})

test('[ON-03] a configuration chooses Embedded Signup, and coexistence with the app where it is asked for', () => {
  const query = (coexistence: boolean) => queryOf(dialogUrl(config({ META_CONFIG_ID: '550000000000001' }), 's', { coexistence }))
  expect(query(false)).toMatchObject({
    config_id: '550000000000001',
    override_default_response_type: 'true',
    extras: '{"setup":{}}',
  })
  expect(JSON.parse(query(true).extras ?? '')).toEqual({ setup: {}, featureType: 'whatsapp_business_app_onboarding' })
})

test('[ON-03] without an app at Meta no dialog opens', () => {
  const none = { ...config(), META_APP_ID: undefined }
  expect(() => dialogUrl(none, 's', { coexistence: false })).toThrow(/META_APP_ID/)
})
