import { DEMO_CONTACTS } from './world.ts'

/** A message from before the demo, which the seed writes so that the inbox is not empty. */
export interface DemoMessage {
  minutesAgo: number
  direction: 'INBOUND' | 'OUTBOUND'
  text?: string
  template?: { name: string; language: string; variables: Record<string, string> }
  status: 'RECEIVED' | 'READ' | 'DELIVERED' | 'SENT' | 'FAILED'
}

export interface DemoConversation {
  tenant: 'demo' | 'other'
  waId: string
  candidateId: string | null
  labels: string[]
  /** E-mail address of the agent; null = unassigned. */
  assignedTo: string | null
  messages: DemoMessage[]
}

const [SALMA, KARIM, ELODIE, YOUSSEF] = DEMO_CONTACTS.map(contact => contact.waId) as [string, string, string, string]
const HOUR = 60
const DAY = 24 * HOUR

const inbound = (minutesAgo: number, text: string, status: 'RECEIVED' | 'READ' = 'READ'): DemoMessage => ({
  minutesAgo,
  direction: 'INBOUND',
  text,
  status,
})
const reply = (minutesAgo: number, text: string, status: DemoMessage['status'] = 'READ'): DemoMessage => ({
  minutesAgo,
  direction: 'OUTBOUND',
  text,
  status,
})
const template = (minutesAgo: number, name: string, candidateName: string, jobTitle: string, status: DemoMessage['status']) =>
  ({
    minutesAgo,
    direction: 'OUTBOUND',
    status,
    template: { name, language: 'fr', variables: { candidateName, jobTitle } },
  }) as const

/** Conversations with an open window, a closed window, unread messages, and without an answer; one of another tenant. */
export const DEMO_HISTORY: DemoConversation[] = [
  {
    tenant: 'demo',
    waId: SALMA,
    candidateId: 'cand-1001',
    labels: ['comptabilité'],
    assignedTo: 'agent@whatsapp-saas.com',
    messages: [
      template(3 * HOUR, 'application_received', 'Salma', 'Comptable', 'READ'),
      inbound(2 * HOUR + 50, 'Merci beaucoup ! Quand puis-je venir pour un entretien ?'),
      reply(2 * HOUR + 40, 'Bonjour Salma, êtes-vous disponible jeudi à 10 h ?'),
      inbound(2 * HOUR + 5, 'Oui, jeudi à 10 h me convient parfaitement.'),
      reply(2 * HOUR, 'C’est noté, à jeudi !'),
    ],
  },
  {
    tenant: 'demo',
    waId: KARIM,
    candidateId: 'cand-1002',
    labels: ['logistique'],
    assignedTo: null,
    messages: [
      template(6 * DAY, 'application_received', 'Karim', 'Responsable logistique', 'READ'),
      inbound(5 * DAY, 'Bonjour, je reste disponible. Mon téléphone est le même.'),
      reply(5 * DAY - 30, 'Merci Karim, nous revenons vers vous cette semaine.', 'DELIVERED'),
    ],
  },
  {
    tenant: 'demo',
    waId: ELODIE,
    candidateId: 'cand-1003',
    labels: [],
    assignedTo: null,
    messages: [
      template(26 * HOUR, 'job_opportunity', 'Élodie', 'Cheffe de projet', 'READ'),
      inbound(25, 'Bonjour, oui cela m’intéresse !', 'RECEIVED'),
      inbound(24, 'Est-ce que le poste est à Casablanca ou à Rabat ?', 'RECEIVED'),
    ],
  },
  {
    tenant: 'demo',
    waId: YOUSSEF,
    candidateId: 'cand-1004',
    labels: [],
    assignedTo: null,
    messages: [template(2 * DAY, 'job_opportunity', 'يوسف', 'Comptable', 'DELIVERED')],
  },
  {
    tenant: 'other',
    waId: SALMA,
    candidateId: 'rt-1',
    labels: [],
    assignedTo: null,
    messages: [
      inbound(8 * HOUR, 'Bonjour, avez-vous encore des postes à Tanger ?'),
      reply(7 * HOUR + 45, 'Bonjour Salma, oui, deux postes sont ouverts. Je vous les envoie.'),
    ],
  },
]
