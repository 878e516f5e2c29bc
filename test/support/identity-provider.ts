import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { listen } from '#shared/process/health.ts'

export const CLIENT = { id: 'linko', secret: 'a-secret-between-linko-and-its-provider' }

interface Grant {
  redirectUri: string
  challenge: string
  nonce: string
  claims: Record<string, unknown>
}

/** An OpenID provider that signs in whomever the test says, with the checks of a real one: client, PKCE, redirect, one use of a code. */
export async function startIdentityProvider() {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const grants = new Map<string, Grant>()
  const provider = { issuer: '', override: {} as Record<string, unknown>, refusals: 0 }

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', provider.issuer)
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (pathname === '/.well-known/openid-configuration') return answer(200, metadata(provider.issuer))
    if (pathname === '/jwks') return answer(200, { keys: [jwk] })
    if (pathname !== '/token') return answer(404, {})
    const form = new URLSearchParams(await textOf(request))
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    if (grant === undefined || !isClient(request, form) || !isProven(grant, form)) {
      provider.refusals++
      return answer(400, { error: 'invalid_grant' })
    }
    const idToken = await new SignJWT({ ...grant.claims, nonce: grant.nonce, ...provider.override })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(provider.issuer)
      .setAudience(CLIENT.id)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    answer(200, { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token: idToken })
  })
  const listening = await listen(server, '127.0.0.1', 0)
  provider.issuer = `http://127.0.0.1:${listening.port}`

  return Object.assign(provider, {
    /** The person signs in at the page that Linko sent the browser to. @returns the address that the browser is sent back to */
    signIn(address: string, claims: Record<string, unknown>): URL {
      const asked = new URL(address).searchParams
      const code = randomBytes(12).toString('hex')
      const [redirectUri, challenge, nonce] = ['redirect_uri', 'code_challenge', 'nonce'].map(name => asked.get(name) ?? '')
      grants.set(code, { redirectUri, challenge, nonce, claims } as Grant)
      const back = new URL(redirectUri as string)
      back.searchParams.set('code', code)
      back.searchParams.set('state', asked.get('state') ?? '')
      back.searchParams.set('session_state', 'of-the-provider')
      return back
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  })
}

const metadata = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  code_challenge_methods_supported: ['S256'],
})

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function isClient(request: IncomingMessage, form: URLSearchParams): boolean {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const [id, secret] = basic
    ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
    : [form.get('client_id'), form.get('client_secret')]
  return id === CLIENT.id && secret === CLIENT.secret
}

const isProven = ({ redirectUri, challenge }: Grant, form: URLSearchParams) =>
  form.get('redirect_uri') === redirectUri &&
  createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url') === challenge
