import { ApiError } from '#shared/domain/errors.ts'
import type { MessageDoc, TenantDoc } from '#shared/model/documents.ts'
import { getCachedTenant } from '#shared/store/accounts/tenants.ts'
import type { Store } from '#shared/store/connect.ts'

export type SendSettings = Pick<TenantDoc['settings'], 'unknownOutcome' | 'maxWaitHours'>

/** A tenant's send settings, with defaults. A deleted tenant has the most cautious ones. @throws Outage */
export async function sendSettings(store: Store, tenantId: MessageDoc['tenantId']): Promise<SendSettings> {
  try {
    const { settings } = await getCachedTenant(store, tenantId)
    return { unknownOutcome: settings.unknownOutcome ?? 'fail', maxWaitHours: settings.maxWaitHours ?? 24 }
  } catch (error) {
    if (error instanceof ApiError) return { unknownOutcome: 'fail', maxWaitHours: 24 }
    throw error
  }
}
