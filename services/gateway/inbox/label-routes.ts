import { z } from 'zod'
import { callerOf, type RouteRequest, route } from '#shared/http/route.ts'
import type { LabelDoc } from '#shared/model/documents.ts'
import { toId } from '#shared/model/ids.ts'
import { changesOf } from '#shared/store/accounts/audit.ts'
import {
  changeLabel,
  createLabel,
  findLabel,
  finishLabel,
  getLabel,
  type LabelChange,
  listLabels,
  usesOfLabel,
} from '#shared/store/inbox/labels.ts'
import { audited } from '../audit.ts'
import type { GatewayDeps } from '../deps.ts'
import { expectedOf, requireExpected } from '../expected.ts'
import { createOnce, idempotencyKeyOf, withIdempotencyKey } from '../idempotency.ts'
import { IdParams, listOf, wholeList } from '../schemas.ts'

const tag = 'inbox aids'
const path = '/api/v1/labels'

const LabelView = z.object({
  id: z.string(),
  name: z.string(),
  color: z.string(),
  description: z.string().nullable(),
  createdAt: z.iso.datetime(),
})

const Name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^,;"]+$/, 'Must not contain commas, semicolons or quotes')
const Color = z.string().regex(/^#[0-9a-f]{6}$/, 'Must be a colour as #rrggbb, in lower case')
const Description = z.string().trim().max(200).nullable()

const Count = z.object({ count: z.int(), isExact: z.boolean().describe('False: there are more') })
const UsesView = z.object({
  conversations: Count,
  contacts: Count,
  views: z.int().describe('Saved views that filter by it, of everybody'),
  rules: z.int().describe('Rules of the setting `assignment` that name it'),
})

const Fields = z.strictObject({ name: Name, color: Color, description: Description })

const list = route({
  method: 'get',
  path,
  action: 'labels.read',
  tag,
  summary: 'Labels of the account, by name',
  returns: listOf(LabelView),
  async handle(request, { store }: GatewayDeps) {
    return { body: wholeList((await listLabels(store, callerOf(request).tenantId)).map(labelView)) }
  },
})

const add = route({
  method: 'post',
  path,
  action: 'labels.write',
  idempotent: true,
  tag,
  summary: 'Create a label for conversations and contacts',
  body: z.strictObject({ name: Name, color: Color.default('#6b7280'), description: Description.default(null) }),
  status: 201,
  returns: LabelView,
  async handle(request, deps: GatewayDeps) {
    const { tenantId, id: by } = callerOf(request)
    const input = { what: 'label', body: request.body }
    return withIdempotencyKey(deps, tenantId, idempotencyKeyOf(request.headers), input, async once => {
      const label = await createOnce(
        once,
        id => findLabel(deps.store, tenantId, id),
        async _id => {
          const own = { _id, ...request.body, createdBy: toId(by) }
          const { label, events } = await createLabel(deps.store, toId(tenantId), own, deps.now(), entry(request, deps))
          void deps.events.publish(events, request.traceparent)
          return label
        },
      )
      return { status: 201, body: labelView(label) }
    })
  },
})

const change = route({
  method: 'patch',
  path: `${path}/{id}`,
  action: 'labels.write',
  tag,
  summary: 'Rename or recolour a label; conversations, contacts, saved views and assignment rules that have it get the new name',
  params: IdParams,
  body: Fields.partial().extend({
    expected: expectedOf(Fields.partial()),
  }),
  returns: LabelView,
  async handle(request, deps: GatewayDeps) {
    const { expected, ...set } = request.body
    return { body: labelView(await write(request, deps, set, expected)) }
  },
})

const remove = route({
  method: 'delete',
  path: `${path}/{id}`,
  action: 'labels.write',
  tag,
  summary: 'Delete a label, and take it from the conversations and contacts that have it',
  params: IdParams,
  status: 204,
  async handle(request, deps: GatewayDeps) {
    await write(request, deps, { deletedAt: deps.now() })
    return { status: 204 }
  },
})

const uses = route({
  method: 'get',
  path: `${path}/{id}/uses`,
  action: 'labels.write',
  tag,
  summary: 'Where a label is used, and so what its deletion would change',
  params: IdParams,
  returns: UsesView,
  async handle(request, { store }: GatewayDeps) {
    const label = await getLabel(store, callerOf(request).tenantId, request.params.id)
    return { body: await usesOfLabel(store, label) }
  },
})

export const labelRoutes = [list, add, change, remove, uses]

type Request = RouteRequest<{ id: string }, unknown, unknown>

async function write(
  request: Request,
  deps: GatewayDeps,
  set: Partial<LabelDoc>,
  expected?: Partial<z.infer<typeof Fields>>,
): Promise<LabelDoc> {
  const { tenantId, id: by } = callerOf(request)
  const before = await getLabel(deps.store, tenantId, request.params.id)
  await requireExpected(deps, expected, { tenantId, view: labelView(before), updatedBy: before.updatedBy })
  const own = { ...set, updatedBy: toId(by) }
  const { label, events } = await changeLabel(deps.store, before, own, deps.now(), entry(request, deps))
  void deps.events.publish(events, request.traceparent)
  await finishLabel(deps.store, label)
  return label
}

const AUDITED = ['name', 'color', 'description'] as const

const entry = (request: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'ip'>, deps: GatewayDeps) =>
  audited<LabelChange>(request, deps, ({ label, before }) => ({
    action: 'labels.write',
    object: { kind: 'label', id: String(label._id) },
    changes: changesOf(before, label.deletedAt ? null : label, AUDITED),
  }))

const labelView = ({ _id, name, color, description, createdAt }: LabelDoc): z.infer<typeof LabelView> => ({
  id: String(_id),
  name,
  color,
  description,
  createdAt: createdAt.toISOString(),
})
