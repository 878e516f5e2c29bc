import { Buffer } from 'node:buffer'
import type { Simulator } from '#deploy/simulator/simulator.ts'
import { addToken } from '#deploy/simulator/world/demo.ts'
import type { Json, PhoneNumber, Template, Waba } from '#deploy/simulator/world/world.ts'
import { COEXISTENCE, INBOUND_ID, PHONE, RICH_JOB_OPPORTUNITY, TENANT_TOKEN, WABA } from './fixture-world.ts'

export interface FixtureRequest {
  method: string
  path: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

const GROUP = 'Y2FwaV9ncm91cDoyMTI2MDAxMTEyMjI6MTIwMzYz'
/** A person without a visible number. */
const NORA = 'MA.55120904417720036618'

/** Puts the simulator into the state of a fixture. May return a changed request, for values that exist at run time only. */
export type Prepare = (
  simulator: Simulator,
  request: FixtureRequest,
) => FixtureRequest | undefined | Promise<FixtureRequest | undefined>

const CODE = 'AQBfixtureCodeFromEmbeddedSignup'
const REDIRECT = 'https://app.example/api/auth/whatsapp/callback'
const UPLOAD = 'upload:MTphdHRhY2htZW50OmZpeHR1cmU=?sig=ARZfixture'

const number = ({ sim }: Simulator, id = PHONE) => sim.world.numbers.get(id) as PhoneNumber
const waba = ({ sim }: Simulator) => sim.world.wabas.get(WABA) as Waba
const template = ({ sim }: Simulator, id: string) => sim.world.templates.get(id) as Template
const nothing = () => undefined

/** Changes the simulator and keeps the request. */
const having =
  (change: (simulator: Simulator) => unknown): Prepare =>
  async simulator => {
    await change(simulator)
    return undefined
  }

const code = (redirectUri: string | null, tokenLifetimeMs?: number) =>
  having(simulator => simulator.code({ code: CODE, wabaIds: [WABA], redirectUri, tokenLifetimeMs }))
const refused = (subcode: number) => having(simulator => simulator.refuseToken(TENANT_TOKEN, { subcode }))
const state = (name: string) => having(simulator => simulator.setNumber(PHONE, { state: name }))
const ownerOfThread = (routing: 'owner' | 'escalation', owner: 'us' | 'other') =>
  having(simulator => {
    simulator.setNumber(PHONE, { routing })
    simulator.handOver({ phoneNumberId: PHONE, from: '212661000101', owner })
  })
const directSend = (access: 'ELIGIBLE' | 'INELIGIBLE' | 'BLOCKED') =>
  having(simulator => simulator.setWaba(WABA, { directSend: access }))
const group = (participants: string[]) => having(simulator => simulator.group({ id: GROUP, phoneNumberId: PHONE, participants }))
/** An offer without variables. */
const plainOffer = (simulator: Simulator) => {
  template(simulator, '880011002200333').components = [{ type: 'BODY', text: 'Le poste est ouvert cette semaine.' }]
}
const fault = (code: number) => having(simulator => simulator.faults([{ effect: { code } }]))
const change =
  (members: object): Prepare =>
  async (_simulator, request) => ({ ...request, ...members })
const bodyChange =
  (members: object): Prepare =>
  (_simulator, request) => ({ ...request, body: { ...(request.body as object), ...members } })

const shortLink = having(simulator => {
  number(simulator).shortLinks.set('4O4YGZEG3RIVE1', 'Bonjour, je postule')
})

/** The preparation of each fixture that needs more than the fixture world. */
export const PREPARE: Record<string, Prepare> = {
  'block-users': having(simulator => simulator.inbound({ phoneNumberId: PHONE, from: '212661000102', message: 'salut' })),
  'business-profile-get': having(simulator => {
    number(simulator).profile = {
      about: 'Recrutement au Maroc',
      address: '12 rue de Fes',
      description: 'Cabinet',
      email: 'contact@atlas.example',
      profile_picture_url: 'https://pps.example/atlas.jpg',
      websites: ['https://atlas.example'],
      vertical: 'PROF_SERVICES',
    }
  }),
  'client-wabas-list': having(({ sim }) => addToken(sim.world, { token: TENANT_TOKEN, wabaIds: null }, Date.now())),
  'conversational-automation-get': having(simulator => {
    number(simulator).automation = {
      enable_welcome_message: false,
      commands: [{ command_name: 'cv', command_description: 'Envoyer un CV' }],
      prompts: ['Quels postes sont ouverts ?'],
    }
  }),
  'debug-token': nothing,
  'debug-token-expired': having(({ sim }) =>
    addToken(sim.world, { token: 'EAAFixtureExpired', expiresAt: Date.now() - 5000 }, 0),
  ),
  'debug-token-no-target-ids': having(({ sim }) =>
    addToken(sim.world, { token: 'EAAFixtureOwnSystemUser', wabaIds: null, expiresAt: 0 }, Date.now()),
  ),
  'debug-token-several-wabas': having(({ sim }) =>
    addToken(sim.world, { token: 'EAAFixtureTwoWabas', wabaIds: ['320900560012345', WABA] }, Date.now()),
  ),
  'media-download': freshMediaUrl,
  'media-download-without-token': async (simulator, request) => ({ ...(await freshMediaUrl(simulator, request)), headers: {} }),
  'oauth-exchange-code': code(null),
  'oauth-exchange-code-never-expires': code(null, 0),
  'oauth-exchange-code-redirect-flow': code(REDIRECT),
  'oauth-exchange-redirect-mismatch': code(REDIRECT),
  'oauth-exchange-code-expired': having(simulator => {
    simulator.code({ code: CODE, wabaIds: [WABA] })
    simulator.clock(31_000)
  }),
  'oauth-exchange-code-used': having(({ sim, ...simulator }) => {
    simulator.code({ code: CODE, wabaIds: [WABA] })
    const issued = sim.world.codes.get(CODE)
    if (issued) issued.used = true
  }),
  'phone-number-health-blocked': having(simulator => {
    number(simulator).nameStatus = 'PENDING_REVIEW'
    waba(simulator).state = 'NO_PAYMENT'
  }),
  'phone-register-error-133000': fault(133000),
  'phone-register-error-133005': having(simulator => {
    number(simulator).pin = '111222'
  }),
  'phone-register-error-133006': having(simulator => {
    number(simulator).codeVerification = 'NOT_VERIFIED'
  }),
  'phone-register-error-133008': having(simulator => {
    number(simulator).wrongPins = 5
  }),
  'phone-register-error-133015': fault(133015),
  'phone-register-error-133016': having(simulator => {
    number(simulator).registerCalls = Array.from({ length: 10 }, () => Date.now())
  }),
  'phone-smb-app-data-twice-2593107': having(simulator => number(simulator, COEXISTENCE).synced.add('history')),
  'phone-webhook-override-get': having(simulator => {
    number(simulator).override = { url: 'https://tenant-a.example/webhook', verifyToken: 't' }
  }),
  'phone-webhook-override-set': reachableCallback(body => ({ webhook_configuration: body })),
  'resumable-upload-start': nothing,
  'resumable-upload-bytes': upload(0),
  'resumable-upload-query': upload(24_105),
  'subscribed-apps-get': having(simulator => {
    waba(simulator).override = { url: 'https://app.example/webhook/atlas', verifyToken: 't' }
  }),
  'subscribed-apps-get-empty': having(simulator => {
    waba(simulator).subscribed = false
  }),
  'subscribed-apps-post-override': reachableCallback(body => body),
  'subscribed-apps-post-callback-unreachable': bodyChange({ override_callback_uri: 'http://127.0.0.1:9/webhook' }),
  'template-create': freeNames,
  'template-create-authentication': freeNames,
  'template-create-error-2388019': having(simulator => {
    waba(simulator).templateLimit = 1
  }),
  'template-create-error-2388023': having(simulator => {
    simulator.sim.world.templates.clear()
    waba(simulator).deletedTemplates.set('application_received/fr', Date.now() + 1000)
  }),
  'template-create-error-2388040': (_simulator, request) => ({
    ...request,
    body: { ...(request.body as object), components: [{ type: 'BODY', text: `Bonjour ${'a'.repeat(1100)}` }] },
  }),
  'template-create-media-header': freeNames,
  'template-create-missing-example': freeNames,
  'template-create-named': freeNames,
  'template-create-recategorised': freeNames,
  'template-delete-by-name': nothing,
  'template-edit-category': having(simulator => {
    template(simulator, '880011002200333').status = 'REJECTED'
  }),
  'template-health-blocked': having(simulator => {
    template(simulator, '880011002200332').status = 'PENDING'
  }),
  'template-unpause': having(simulator => {
    template(simulator, '880011002200331').status = 'PAUSED'
  }),
  'templates-list': async (simulator, request) => {
    await onlyTemplates('880011002200331', '880011002200332')(simulator, request)
    const example = { body_text_named_params: ['first_name', 'interview_day'].map(param_name => ({ param_name, example: 'x' })) }
    const body: Json = { type: 'BODY', text: 'Bonjour {{first_name}}, entretien {{interview_day}} chez nous.', example }
    Object.assign(template(simulator, '880011002200332'), { status: 'PENDING', components: [body] })
    return undefined
  },
  'templates-list-by-status': onlyTemplates('880011002200331'),
  'templates-list-page-1': onlyTemplates('880011002200331', '880011002200333'),
  'templates-list-page-2': async (simulator, request) => {
    await onlyTemplates('880011002200331', '880011002200333')(simulator, request)
    Object.assign(template(simulator, '880011002200333'), { status: 'REJECTED', rejectedReason: 'INVALID_FORMAT' })
    const after = `QVFIU${Buffer.from('880011002200331').toString('base64url')}`
    return { ...request, query: { ...request.query, after } }
  },
  'short-links-list': shortLink,
  'short-link-delete': shortLink,
  'username-get': having(simulator => {
    number(simulator).username = { username: 'atlas.recrutement', status: 'reserved' }
  }),
  'username-set-taken-in-portfolio-147005': having(simulator => {
    number(simulator, COEXISTENCE).username = { username: 'atlas.recrutement', status: 'approved' }
  }),
  'username-set-transfer': having(simulator => {
    number(simulator, COEXISTENCE).username = { username: 'atlas.recrutement', status: 'approved' }
  }),
  'thread-control-take': ownerOfThread('escalation', 'other'),
  'thread-control-take-not-permitted': ownerOfThread('owner', 'other'),
  'thread-control-release': ownerOfThread('owner', 'us'),
  'thread-control-pass-ai-agent': having(simulator => {
    simulator.setNumber(PHONE, { routing: 'owner' })
    simulator.person({ userId: NORA, name: 'Nora' })
  }),
  'send-direct-send-ineligible-100': directSend('INELIGIBLE'),
  'send-direct-send-text': directSend('ELIGIBLE'),
  'send-direct-send-ttl-too-long-100': directSend('ELIGIBLE'),
  'send-group-text': group(['212661000101']),
  'send-marketing-message-strict': having(plainOffer),
  'waba-phone-numbers-empty': having(({ sim }) =>
    addToken(sim.world, { token: TENANT_TOKEN, wabaIds: ['320900560012345'] }, Date.now()),
  ),

  'send-error-100': bodyChange({ text: {} }),
  'send-error-131008': bodyChange({ to: undefined }),
  'send-error-131009': bodyChange({ to: 'not a number' }),
  'send-error-131021': bodyChange({ to: '+212600111222' }),
  'send-error-131030': having(simulator => simulator.setNumber(PHONE, { allowedRecipients: ['212661000199'] })),
  'send-error-131031': state('locked'),
  'send-error-131037': state('name_pending'),
  'send-error-131042': async (simulator, request) => {
    await state('no_payment')(simulator, request)
    return {
      ...request,
      body: { ...(request.body as object), type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
    }
  },
  'send-error-131045': state('bad_certificate'),
  'send-error-131048': state('spam_limited'),
  'send-error-131051': bodyChange({ type: 'system', system: {} }),
  'send-error-131053': async (simulator, request) => {
    simulator.media({ id: '77', mimeType: 'image/webp', phoneNumberId: PHONE })
    return { ...request, body: { ...(request.body as object), type: 'image', image: { id: '77' } } }
  },
  'send-error-131057': state('maintenance'),
  'send-error-131062': bodyChange({
    to: undefined,
    recipient: 'MA.55120904417720036618',
    type: 'template',
    template: {
      name: 'login_code',
      language: { code: 'fr' },
      components: [
        { type: 'body', parameters: [{ type: 'text', text: '482913' }] },
        { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: '482913' }] },
      ],
    },
  }),
  'send-error-130429': having(({ sim }) => {
    for (let sent = 0; sent < 100; sent++) sim.limits.charge(PHONE, 80, `${PHONE}:${sent}`, Date.now())
  }),
  'send-error-131056': having(({ sim }) => {
    for (let sent = 0; sent < 45; sent++) sim.limits.charge('another', 80, `${PHONE}:212661000101`, Date.now())
  }),
  'send-error-130403': having(simulator => number(simulator).blocked.add('212661000101')),
  'send-error-131020': group([]),
  'send-error-131061': having(simulator => {
    plainOffer(simulator)
    template(simulator, '880011002200333').bidAmount = 3500
  }),
  'send-error-131063': having(simulator => {
    plainOffer(simulator)
    simulator.setWaba(WABA, { marketingElsewhere: true })
  }),
  'send-error-131064': state('misclassified'),
  'send-error-139200': directSend('BLOCKED'),
  'send-error-132001': bodyChange({ template: { name: 'application_recieved', language: { code: 'fr' } } }),
  'send-error-132012': bodyChange({
    template: {
      name: 'interview_place',
      language: { code: 'fr' },
      components: [{ type: 'body', parameters: [{ type: 'text', text: 'lundi' }] }],
    },
  }),
  'send-error-132015': having(simulator => {
    template(simulator, '880011002200331').status = 'PAUSED'
  }),
  'send-error-132016': having(simulator => {
    template(simulator, '880011002200331').status = 'DISABLED'
  }),
  'send-error-132005': twoParameters('x'.repeat(1100)),
  'send-error-132018': twoParameters('a\nb'),
  'send-error-133010': state('unregistered'),
  'send-error-33': state('deleted'),
  'send-error-368': state('restricted'),
  'send-error-200-no-asset-access': having(({ sim }) =>
    addToken(sim.world, { token: TENANT_TOKEN, wabaIds: ['320900560012345'] }, Date.now()),
  ),
  'send-error-190-458-app-removed': refused(458),
  'send-error-190-460-password-changed': refused(460),
  'send-error-190-467-invalid-session': refused(467),
  'send-error-190-463-expired': having(simulator => simulator.refuseToken(TENANT_TOKEN, { expired: true })),
  'send-error-190-malformed-token': change({ headers: { Authorization: 'Bearer nonsense', 'Content-Type': 'application/json' } }),
  'send-error-502-html': having(simulator => simulator.faults([{ effect: { status: 502 } }])),
  'send-error-appsecret-proof-required': having(simulator => simulator.app({ requireProof: true })),
  'send-template-held-for-quality-assessment': having(simulator => simulator.pacing('job_opportunity', true)),
  'send-template-media-header-buttons': having(simulator => {
    template(simulator, '880011002200333').components = RICH_JOB_OPPORTUNITY
  }),
  'mark-read': having(({ sim }) => sim.world.inbound.set(INBOUND_ID, { phoneNumberId: PHONE, at: 0 })),
}

/** Codes that no state causes: Meta's own failures, and those that usually come by webhook. */
export const BY_FAULT = new Set([0, 1, 2, 3, 4, 10, 130472, 130497, 131000, 131005, 131016, 131026, 131047, 131049, 131050])
for (const code of [132007, 132068, 132069, 133004, 134011, 135000, 80007]) BY_FAULT.add(code)
for (const code of BY_FAULT) PREPARE[`send-error-${code}`] = fault(code)

async function freshMediaUrl(simulator: Simulator, request: FixtureRequest): Promise<FixtureRequest> {
  const answer = await fetch(`${simulator.url}/v25.0/3473377746432111?access_token=${TENANT_TOKEN}`)
  const { url } = (await answer.json()) as { url: string }
  return { ...request, query: Object.fromEntries(new URL(url).searchParams) }
}

function upload(received: number): Prepare {
  return ({ sim }, request) => {
    sim.world.uploads.set(UPLOAD, { id: UPLOAD, mimeType: 'image/jpeg', length: 48_211, received: [Buffer.alloc(received)] })
    return { ...request, ...(request.method === 'POST' && { body: Buffer.alloc(48_211) }) }
  }
}

/** Starts a callback that answers the handshake. It stays open, but does not keep the process alive. */
function reachableCallback(bodyOf: (body: object) => object): Prepare {
  return async (_simulator, request) => {
    const { createServer } = await import('node:http')
    const server = createServer((asked, response) => {
      response.end(new URL(asked.url ?? '/', 'http://x').searchParams.get('hub.challenge'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    server.unref()
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return { ...request, body: bodyOf({ override_callback_uri: `http://127.0.0.1:${port}/webhook`, verify_token: 'v' }) }
  }
}

function freeNames({ sim }: Simulator): undefined {
  sim.world.templates.clear()
}

function onlyTemplates(...ids: string[]): Prepare {
  return having(({ sim }) => {
    for (const id of sim.world.templates.keys()) if (!ids.includes(id)) sim.world.templates.delete(id)
  })
}

function twoParameters(second: string): Prepare {
  const parameters = [
    { type: 'text', text: 'Salma' },
    { type: 'text', text: second },
  ]
  return bodyChange({
    template: { name: 'application_received', language: { code: 'fr' }, components: [{ type: 'body', parameters }] },
  })
}
