/** Columns of a contact file, as address books, spreadsheets and our own export name them. */

/** Columns of a contact file by their meaning and their place in the row; all others are attributes. */
export interface ContactColumns {
  phone: number | null
  userId: number | null
  /** Columns that make up the name, in the order in which they are joined. */
  name: readonly number[]
  optOut: number | null
  /** Attribute of each other column, by its place. */
  attributes: ReadonlyMap<number, string>
  /** Whether the file is an export of ours: its numbers begin with their country code. */
  isExport: boolean
}

/** First columns of our own export; whatever its other columns are called, they are attributes. */
export const EXPORT_COLUMNS = ['phone', 'user_id', 'name', 'opt_out'] as const

/** Columns with phone numbers, in order of preference, for when the caller names none; spelled as `columnKey` answers. */
const PHONE = [
  ...['to', 'phone', 'phonenumber', 'number', 'whatsapp', 'mobile', 'tel', 'telephone', 'whatsappnumber', 'numerowhatsapp'],
  ...['phone1value', 'mobilephone', 'mobilenumber', 'primaryphone', 'cell', 'cellphone', 'cellnumber', 'contactnumber'],
  ...['phoneno', 'mobileno', 'phone1', 'homephone', 'businessphone', 'workphone', 'gsm', 'msisdn'],
  ...['telephonemobile', 'telephoneportable', 'telmobile', 'telportable', 'portable', 'numerodetelephone', 'numerotelephone'],
  ...['numtel', 'notel', 'ntel', 'ndetelephone', 'numerodeportable', 'numeromobile', 'numero'],
  ...['telefono', 'telefonomovil', 'numerodetelefono', 'movil', 'celular', 'telefone', 'telemovel', 'cellulare', 'telefoon'],
  ...['telefon', 'telefonnummer', 'handy', 'handynummer', 'mobil', 'mobiltelefon', 'mobilnummer', 'rufnummer'],
  ...['الهاتف', 'هاتف', 'رقمالهاتف', 'رقمهاتف', 'الجوال', 'جوال', 'رقمالجوال', 'الموبايل', 'موبايل', 'رقمالموبايل'],
  ...['المحمول', 'رقمالمحمول', 'الهاتفالمحمول', 'رقمالهاتفالمحمول', 'النقال', 'رقمالنقال', 'الهاتفالنقال', 'رقمالهاتفالنقال'],
  ...['واتساب', 'الواتساب', 'رقمالواتساب', 'رقمواتساب', 'التليفون', 'تليفون', 'رقمالتليفون', 'التلفون', 'تلفون', 'رقمالتلفون'],
]
const NAME = [
  ...['name', 'fullname', 'nomcomplet', 'nometprenom', 'prenometnom', 'nomprenom', 'prenomnom', 'displayname', 'contactname'],
  ...['customername', 'nom', 'nombre', 'nombrecompleto', 'nome', 'nomecompleto', 'nomeecognome', 'vollstandigername'],
  ...['الاسم', 'اسم', 'الاسمالكامل', 'الاسمبالكامل', 'اسمالعميل'],
]
const FIRST_NAME = ['firstname', 'givenname', 'prenom', 'vorname', 'الاسمالاول', 'الاسمالشخصي']
const LAST_NAME = [
  ...['lastname', 'familyname', 'surname', 'nomdefamille', 'nachname', 'nom', 'apellido', 'apellidos', 'cognome'],
  ...['اسمالعائلة', 'الاسمالعائلي', 'اللقب', 'النسب'],
]
const USER_ID = ['userid', 'bsuid']
const OPT_OUT = ['optout', 'optedout', 'unsubscribed', 'desabonne', 'desinscrit']

/** Header of a file: names as written. `known` are attributes that the company has already. */
export interface ContactHeader {
  written: readonly string[]
  known: ReadonlySet<string>
}

/**
 * Columns of a file; null when it has neither phone numbers nor user ids.
 * @param input the columns that the caller names
 */
export function contactColumns(header: ContactHeader, input: { phone?: string; name?: string }): ContactColumns | null {
  const keys = header.written.map(columnKey)
  if (EXPORT_COLUMNS.every((name, i) => keys[i] === columnKey(name)) && input.phone === undefined && input.name === undefined)
    return withAttributes(header, { phone: 0, userId: 1, name: [2], optOut: 3, isExport: true })
  const find = (names: readonly string[]) => placeOf(keys, names)
  const phone = input.phone === undefined ? find(PHONE) : find([columnKey(input.phone)])
  const userId = find(USER_ID)
  if (phone === null && userId === null) return null
  const name = input.name === undefined ? nameColumns(keys) : [find([columnKey(input.name)])].filter(place => place !== null)
  return withAttributes(header, { phone, userId, name, optOut: find(OPT_OUT), isExport: false })
}

/** Place of the column with phone numbers, by its usual names; null when there is none. */
export const phoneColumn = (written: readonly string[]): number | null => placeOf(written.map(columnKey), PHONE)

/** `Phone Number`, `phone_number` and `PHONE-NUMBER` are one name; accents do not matter. */
export const columnKey = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('\u0640', '')
    .toLowerCase()

function placeOf(keys: readonly string[], names: readonly string[]): number | null {
  const name = names.find(one => keys.includes(one))
  return name === undefined ? null : keys.indexOf(name)
}

/** One column with the whole name, or those of first and last name. A `nom` beside a `prénom` is the last name. */
function nameColumns(keys: readonly string[]): number[] {
  const first = placeOf(keys, FIRST_NAME)
  const whole = placeOf(keys, first === null ? NAME : NAME.filter(name => !LAST_NAME.includes(name)))
  if (whole !== null) return [whole]
  return [first, first === null ? null : placeOf(keys, LAST_NAME)].filter(place => place !== null)
}

function withAttributes({ written, known }: ContactHeader, own: Omit<ContactColumns, 'attributes'>): ContactColumns {
  // First and last name stay attributes too, for a message may greet by one of them.
  const taken = new Set([own.phone, own.userId, own.optOut, ...(own.name.length === 1 ? own.name : [])])
  const attributes = new Map<number, string>()
  const names = new Set<string>()
  for (const [place, name] of written.entries()) {
    if (taken.has(place)) continue
    const given = name.trim()
    const wanted = known.has(given) || (own.isExport && isAttribute(given)) ? given : attributeName(name, place)
    const free = names.has(wanted) ? `${wanted.slice(0, 60)}_${place + 1}` : wanted
    names.add(free)
    attributes.set(place, free)
  }
  return { ...own, attributes }
}

const isAttribute = (name: string) => /^[\p{L}\p{M}\p{N}_]{1,64}$/u.test(name)

/** Attribute name of a column: lower-case letters without accents, digits and underscores, at most 64 characters. */
export function attributeName(column: string, place: number): string {
  const name = column
    .trim()
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}_]+/gu, '_')
  return /^_*$/.test(name) ? `column_${place + 1}` : [...name].slice(0, 64).join('')
}
