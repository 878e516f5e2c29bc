/** Names, ids and passwords of the demo world, for development only. The seed writes them, the simulator knows them. */
export const DEMO_TENANTS = {
  demo: {
    name: 'Atlas Recrutement',
    portfolioId: '700112233445566',
    wabaId: '310200450078901',
    phoneNumberId: '1054543651068213',
    whatsappNumber: '212600111222',
    accessToken: 'EAADemoTenantAToken',
  },
  other: {
    name: 'Rif Talents',
    portfolioId: '700998877665544',
    wabaId: '320900560012345',
    phoneNumberId: '2054543651068213',
    whatsappNumber: '212522445566',
    accessToken: 'EAADemoTenantBToken',
  },
} as const

export const DEMO_USERS = [
  { email: 'admin@whatsapp-saas.com', password: 'Admin@123456', name: 'Platform Admin', role: 'platform_admin', tenant: 'demo' },
  { email: 'demo@whatsapp-saas.com', password: 'Demo@123456', name: 'Demo Admin', role: 'tenant_admin', tenant: 'demo' },
  { email: 'manager@whatsapp-saas.com', password: 'Manager@123456', name: 'Demo Manager', role: 'manager', tenant: 'demo' },
  { email: 'agent@whatsapp-saas.com', password: 'Agent@123456', name: 'Demo Agent', role: 'agent', tenant: 'demo' },
  { email: 'other@whatsapp-saas.com', password: 'Other@123456', name: 'Other Admin', role: 'tenant_admin', tenant: 'other' },
] as const

export interface DemoTemplate {
  name: string
  language: string
  category: 'UTILITY' | 'MARKETING'
  body: string
  variables: { name: string; example: string }[]
  metaTemplateId: string
}

/** Templates that are approved in the simulator and synchronised. `candidateName` and `jobTitle` are filled by default. */
export const DEMO_TEMPLATES: DemoTemplate[] = [
  {
    name: 'application_received',
    language: 'fr',
    category: 'UTILITY',
    body: 'Bonjour {{1}}, nous avons bien reçu votre candidature au poste de {{2}}. Nous revenons vers vous rapidement.',
    variables: [
      { name: 'candidateName', example: 'Salma' },
      { name: 'jobTitle', example: 'Comptable' },
    ],
    metaTemplateId: '900100200300401',
  },
  {
    name: 'job_opportunity',
    language: 'fr',
    category: 'MARKETING',
    body: 'Bonjour {{1}}, une opportunité de {{2}} pourrait vous intéresser. Souhaitez-vous en savoir plus ?',
    variables: [
      { name: 'candidateName', example: 'Salma' },
      { name: 'jobTitle', example: 'Comptable' },
    ],
    metaTemplateId: '900100200300402',
  },
  {
    name: 'welcome',
    language: 'en_US',
    category: 'UTILITY',
    body: 'Hello {{1}}, welcome. How can we help you today?',
    variables: [{ name: 'candidateName', example: 'Salma' }],
    metaTemplateId: '900100200300403',
  },
]

export const DEMO_CONTACTS = [
  { waId: '212661000101', userId: 'MA.41982200731550066712', name: 'Salma Idrissi', username: null },
  { waId: '212661000102', userId: 'MA.52093311842661177823', name: 'Karim Bennani', username: 'karim.b' },
  { waId: '33600000103', userId: 'FR.63104422953772288934', name: 'Élodie Martin', username: null },
  { waId: '212661000104', userId: 'MA.60117735520094418823', name: 'يوسف العلوي', username: null },
] as const
