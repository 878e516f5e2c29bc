import { DEMO_TENANTS } from '#deploy/demo/world.ts'

const { phoneNumberId, wabaId } = DEMO_TENANTS.demo

/** One change of the field `messages`, as Meta sends it. */
export const webhookOf = (value: object, id: string = '1') => ({
  object: 'whatsapp_business_account',
  entry: [{ id, changes: [{ field: 'messages', value }] }],
})

/** Nadia writes to a number of the demo's. @param said the message's type and the part that it has by it */
export const inboundOf = (
  wamid: string,
  from: string,
  said: { type: string; [part: string]: unknown },
  number: string = phoneNumberId,
) =>
  webhookOf(
    {
      metadata: { phone_number_id: number },
      contacts: [{ wa_id: from, profile: { name: 'Nadia' } }],
      messages: [{ from, id: wamid, timestamp: '1795165200', ...said }],
    },
    wabaId,
  )
