/** Fields of `whatsapp_business_account` that the app must be subscribed to, with what is lost without each. */
export const WEBHOOK_FIELDS: Readonly<Record<string, string>> = {
  messages: 'messages of customers, and what became of ours',
  account_update: 'bans, restrictions, and the end of access',
  account_alerts: 'warnings about a number or its account',
  account_review_update: 'the review of an account',
  business_capability_update: 'the messaging limit',
  phone_number_name_update: 'decisions about display names',
  phone_number_quality_update: 'quality and throughput of a number',
  security: 'changes of the two-step PIN',
  message_template_status_update: 'decisions about templates',
  message_template_quality_update: 'the quality of templates',
  template_category_update: 'new categories, and so new prices, of templates',
  message_template_components_update: 'texts of templates that were changed at Meta',
  user_preferences: 'people who stop or resume marketing messages',
  calls: 'calls, which open the service window',
  standby: 'messages that another responder of the number answers',
  messaging_handovers: 'who answers a conversation',
  smb_message_echoes: 'messages sent from the WhatsApp Business app (coexistence)',
  smb_app_state_sync: 'contacts of the WhatsApp Business app (coexistence)',
  history: 'history of the WhatsApp Business app (coexistence)',
}

/** Fields that are missing from the app's subscription, in the order of the table. */
export const missingFields = (subscribed: readonly string[]): string[] =>
  Object.keys(WEBHOOK_FIELDS).filter(name => !subscribed.includes(name))

const WEBHOOK_PATHS = ['/api/v1/webhook', '/webhook', '/api/webhooks', '/api/webhooks/whatsapp']

/** Whether an address is one of ours: the same host as the public one, and one of the four paths. */
export function isOwnWebhook(address: string, own: string): boolean {
  const [asked, known] = [URL.parse(address), URL.parse(own)]
  if (asked === null || known === null) return false
  const path = asked.pathname.replace(/\/+$/, '')
  return asked.origin === known.origin && (path === known.pathname.replace(/\/+$/, '') || WEBHOOK_PATHS.includes(path))
}

/**
 * Whether webhooks go to somebody else. Meta calls https alone, so an own address without it is behind a tunnel, whose address is not
 * known here: then none is foreign.
 */
export const isForeignWebhook = (address: string, own: string): boolean =>
  URL.parse(address)?.protocol === URL.parse(own)?.protocol && !isOwnWebhook(address, own)
