import type { AuthorizedCall, Call, NumberCall, Reply } from '../call.ts'
import { postAutomation } from '../profiles/automation.ts'
import { getProfile, postProfile } from '../profiles/business-profile.ts'
import { downloadPicture, PICTURE_PATH } from '../profiles/picture.ts'
import { deleteShortLink, downloadQrCode, getShortLinks, postShortLink, QR_PATH } from '../profiles/short-links.ts'
import { postMarketingMessages, postMessages } from '../sending/send.ts'
import { threadControl } from '../threads/control.ts'
import { createGroup } from '../threads/groups.ts'
import type { Template, Waba } from '../world/world.ts'
import { authorize, canAccess } from './auth.ts'
import { blockUsers, getBlocked, unblockUsers } from './blocks.ts'
import { showDialog, submitDialog } from './dialog.ts'
import { GraphError } from './errors.ts'
import { deleteMedia, downloadMedia, getMedia, uploadMedia } from './media.ts'
import { DOWNLOAD_PATH } from './media-url.ts'
import { deleteUsername, getNumber, getUsername, postNumber, postUsername, suggestUsernames } from './numbers.ts'
import { customerToken, debugToken, deletePermissions, exchangeToken, getMe, revokeToken } from './oauth.ts'
import { deregister, register, requestCode, syncAppData, verifyCode } from './registration.ts'
import {
  deleteAppSubscriptions,
  deleteSubscribedApps,
  getAppSubscriptions,
  getSubscribedApps,
  postAppSubscriptions,
  postSubscribedApps,
} from './subscriptions.ts'
import { createTemplate, deleteTemplates, editTemplate, getTemplate, listTemplates, unpauseTemplate } from './templates.ts'
import { unknownEdge, unknownObject } from './unknown.ts'
import { continueUpload, getUpload, startUpload } from './uploads.ts'
import { countManagementCall, getAssignedUsers, getPhoneNumbers, getPortfolioWabas, getWaba } from './wabas.ts'

export type Answer = Reply | object | Promise<Reply | object>

/** Paths without an object id. Each route checks the token itself. */
const FIXED_ROUTES: Record<string, (call: Call) => Answer> = {
  'GET /oauth/access_token': exchangeToken,
  'POST /oauth/access_token': exchangeToken,
  'GET /oauth/revoke': revokeToken,
  'GET /dialog/oauth': showDialog,
  'POST /dialog/oauth': submitDialog,
  'GET /debug_token': call => debugToken(authorize(call)),
  'GET /me': getMe,
  'DELETE /me/permissions': deletePermissions,
  [`GET ${PICTURE_PATH}`]: downloadPicture,
  [`GET ${QR_PATH}`]: downloadQrCode,
  [`GET ${DOWNLOAD_PATH}`]: downloadMedia,
  [`GET ${DOWNLOAD_PATH.slice(0, -1)}`]: downloadMedia,
}

/** Edges of a phone number by method and name; the empty name is the number itself. */
const NUMBER_ROUTES: Record<string, (call: NumberCall) => Answer> = {
  'GET ': getNumber,
  'POST ': postNumber,
  'POST messages': postMessages,
  'POST marketing_messages': postMarketingMessages,
  'POST media': uploadMedia,
  'POST register': register,
  'POST deregister': deregister,
  'POST request_code': requestCode,
  'POST verify_code': verifyCode,
  'GET whatsapp_business_profile': getProfile,
  'POST whatsapp_business_profile': postProfile,
  'GET username': getUsername,
  'POST username': postUsername,
  'DELETE username': deleteUsername,
  'GET username_suggestions': suggestUsernames,
  'GET message_qrdls': getShortLinks,
  'POST message_qrdls': postShortLink,
  'DELETE message_qrdls': deleteShortLink,
  'POST conversational_automation': postAutomation,
  'GET block_users': getBlocked,
  'POST block_users': blockUsers,
  'DELETE block_users': unblockUsers,
  'POST smb_app_data': syncAppData,
  'POST thread_control': threadControl,
  'POST groups': createGroup,
  // Calls are another responder's here: nothing of them is simulated.
  'POST calls': () => {
    throw new GraphError(138038)
  },
}

const WABA_ROUTES: Record<string, (call: AuthorizedCall, waba: Waba) => Answer> = {
  'GET ': getWaba,
  'GET phone_numbers': getPhoneNumbers,
  'GET subscribed_apps': getSubscribedApps,
  'POST subscribed_apps': postSubscribedApps,
  'DELETE subscribed_apps': deleteSubscribedApps,
  'GET message_templates': listTemplates,
  'POST message_templates': createTemplate,
  'DELETE message_templates': deleteTemplates,
  'GET assigned_users': getAssignedUsers,
}

const TEMPLATE_ROUTES: Record<string, (call: AuthorizedCall, template: Template) => Answer> = {
  'GET ': getTemplate,
  'POST ': editTemplate,
  'POST unpause': unpauseTemplate,
  'DELETE ': ({ sim, ...call }, { id, name, wabaId }) =>
    deleteTemplates({ ...call, sim, params: { hsm_id: id, name } }, sim.world.wabas.get(wabaId) as Waba),
}

const APP_ROUTES: Record<string, (call: AuthorizedCall) => Answer> = {
  'GET ': ({ sim }) => ({ id: sim.world.app.id, name: sim.world.app.name }),
  'POST uploads': startUpload,
  'GET subscriptions': getAppSubscriptions,
  'POST subscriptions': postAppSubscriptions,
  'DELETE subscriptions': deleteAppSubscriptions,
}

const PORTFOLIO_ROUTES: Record<string, (call: AuthorizedCall, id: string) => Answer> = {
  'GET client_whatsapp_business_accounts': getPortfolioWabas,
  'GET owned_whatsapp_business_accounts': getPortfolioWabas,
  'POST system_user_access_tokens': customerToken,
}

/** Answers a Graph call. Checks come in this order: token, object, permission, call limit, then those of the route. */
export function answerGraph(call: Call): Answer {
  const fixed = FIXED_ROUTES[`${call.method} ${call.path}`]
  if (fixed) return fixed(call)
  const [node = '', edge = ''] = call.path.slice(1).split('/')
  const authorized = authorize(call)
  if (node.startsWith('upload:')) return call.method === 'POST' ? continueUpload(call) : getUpload(call)
  return (
    byNumber(authorized, node, edge) ??
    byWaba(authorized, node, edge) ??
    byTemplate(authorized, node, edge) ??
    byOther(authorized, node, edge)
  )
}

function byNumber(call: AuthorizedCall, node: string, edge: string): Answer | undefined {
  const number = call.sim.world.numbers.get(node)
  if (!number) return undefined
  const waba = call.sim.world.wabas.get(number.wabaId) as Waba
  checkAccess(call, waba.id)
  return routeOf(NUMBER_ROUTES, call, edge)({ ...call, number, waba })
}

function byWaba(call: AuthorizedCall, node: string, edge: string): Answer | undefined {
  const waba = call.sim.world.wabas.get(node)
  if (!waba) return undefined
  checkAccess(call, waba.id)
  if (call.method === 'GET') countManagementCall(call.sim, waba.id)
  return routeOf(WABA_ROUTES, call, edge)(call, waba)
}

function byTemplate(call: AuthorizedCall, node: string, edge: string): Answer | undefined {
  const template = call.sim.world.templates.get(node)
  if (!template) return undefined
  checkAccess(call, template.wabaId)
  return routeOf(TEMPLATE_ROUTES, call, edge)(call, template)
}

function byOther(call: AuthorizedCall, node: string, edge: string): Answer {
  const media = call.sim.world.media.get(node)
  if (media && edge === '') return byMedia(call, media)
  if (node === call.sim.world.app.id) return routeOf(APP_ROUTES, call, edge)(call)
  const portfolio = PORTFOLIO_ROUTES[`${call.method} ${edge}`]
  if (portfolio && /^\d+$/.test(node)) return portfolio(call, node)
  throw unknownObject(call, node)
}

function byMedia(call: AuthorizedCall, media: Parameters<typeof getMedia>[1]): Answer {
  const number = call.sim.world.numbers.get(media.phoneNumberId ?? '')
  if (number) checkAccess(call, number.wabaId)
  if (call.method === 'GET') return getMedia(call, media)
  if (call.method === 'DELETE') return deleteMedia(call, media)
  throw unknownObject(call, media.id)
}

function routeOf<T>(routes: Record<string, T>, { method }: Call, edge: string): T {
  const route = routes[`${method} ${edge}`]
  if (!route) throw unknownEdge(edge)
  return route
}

function checkAccess({ token, path }: AuthorizedCall, wabaId: string): void {
  if (canAccess(token, wabaId)) return
  if (path.endsWith('messages')) throw new GraphError(200)
  throw new GraphError(200, { message: `(#200) You do not have permission to access this field` })
}
