/** Stop words of a tenant that has set none. */
export const STOP_WORDS = ['STOP', 'ARRET', 'UNSUBSCRIBE']

/**
 * Label of the quick reply that Meta's template editor adds for opting out of marketing, in the languages that are known to us. Its
 * payload is the label. It is a promise of the template, so it counts whatever stop words a tenant has set.
 */
const META_STOP_LABELS = [
  'Stop promotions',
  'Arrêter les promotions',
  'Stopper les promotions',
  'إيقاف العروض الترويجية',
  'إيقاف العروض',
  'Detener promociones',
  'Detener las promociones',
  'Parar promoções',
  'Interromper promoções',
  'Interrompi promozioni',
  'Interrompi le promozioni',
  'Werbung stoppen',
  'Werbeaktionen stoppen',
  'Promoties stoppen',
  'Promosyonları durdur',
  'Остановить рекламу',
  'Hentikan promosi',
]

/** Whether a message consists of a stop word alone, in any case, with or without accents, quotes and closing punctuation. */
export function isStopWord(text: string | null, words: readonly string[] = STOP_WORDS): boolean {
  if (text === null || text.length > 100) return false
  const written = plain(text)
  return written !== '' && [...words, ...META_STOP_LABELS].some(word => plain(word) === written)
}

/** Whether a tap on a button of a template asks to stop: by its label, or by the payload that its template gave it. */
export const isStopTap = (label: string | null, payload: string | null, words: readonly string[] = STOP_WORDS): boolean =>
  isStopWord(label, words) || isStopWord(payload?.replaceAll(/[_-]/g, ' ') ?? null, words)

const plain = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/^[\s"'«]+|[\s.!"'»]+$/g, '')
