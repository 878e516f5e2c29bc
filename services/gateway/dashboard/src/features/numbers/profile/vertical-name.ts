import { VERTICALS } from '#shared/domain/numbers/business-profile.ts'
import type { Translate } from '../../../lib/i18n/text.tsx'

/** Name of an industry; WhatsApp's own word for one that is not known here. */
export function verticalName(t: Translate, vertical: string): string {
  const known = VERTICALS.find(one => one === vertical)
  return known ? t(`profile.vertical.${known}`) : vertical
}
