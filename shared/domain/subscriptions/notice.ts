/** Why the platform has switched a subscription off, for the banner: a key for translations, and the same in English. */
export interface SubscriptionNotice {
  key: 'subscription.failing' | 'subscription.gone'
  text: string
  nextStep: string
}

const NOTICES: Record<'failing' | 'gone', SubscriptionNotice> = {
  failing: {
    key: 'subscription.failing',
    text: 'Every delivery has failed for a day, so the subscription was switched off.',
    nextStep: 'Repair the endpoint, send a test delivery, then switch the subscription on: it goes on where it stopped.',
  },
  gone: {
    key: 'subscription.gone',
    text: 'The endpoint answered 410 Gone, so the subscription was switched off.',
    nextStep: 'Delete the subscription, or give it another address and switch it on.',
  },
}

/** The notice of a subscription; null for one that is on, or that somebody switched off. */
export const noticeOf = (reason: string | null): SubscriptionNotice | null =>
  reason === 'failing' || reason === 'gone' ? NOTICES[reason] : null
