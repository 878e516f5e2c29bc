import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { nameOfNumber, useNumbers } from '../../../lib/data/numbers.ts'
import { useFormat } from '../../../lib/i18n/format.ts'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { Button } from '../../../ui/button.tsx'
import { Facts } from '../../../ui/facts.tsx'
import { type Campaign, recipientsQuery, type Template } from '../data.ts'
import { Arrival } from './arrival.tsx'

/** The message of one recipient after the other, as it will arrive; with samples while nobody is known. */
export function FirstMessage({ campaign, template }: { campaign: Campaign; template: Template }) {
  const t = useText()
  const { number } = useFormat()
  const numbers = useNumbers() ?? []
  const [place, setPlace] = useState(0)
  const isReady = campaign.audience.state === 'READY'
  const { data } = useInfiniteQuery({ ...recipientsQuery(campaign, 'pending'), enabled: isReady })
  const people = (isReady && data?.pages[0]?.data) || []
  const one = people.length > 0 ? people[place % people.length] : undefined
  const from = numbers.find(({ id }) => id === campaign.clientId)
  return (
    <aside className="grid content-start gap-2" aria-label={t('campaigns.arrival')}>
      <header className="flex flex-wrap items-center justify-between gap-2">
        <h2>{t('campaigns.arrival')}</h2>
        {people.length > 1 && (
          <Button small kind="quiet" onClick={() => setPlace(place + 1)}>
            <Text
              id="campaigns.arrival.next"
              values={{ n: number((place % people.length) + 1), all: number(campaign.audience.recipients) }}
            />
          </Button>
        )}
      </header>
      <Arrival template={template} values={{ ...campaign.variables, ...one?.variables }} />
      <Facts
        facts={[
          ...(one
            ? [
                [
                  t('campaigns.to'),
                  <span key="to">
                    {one.name && <bdi>{one.name} </bdi>}
                    <bdi dir="ltr">{one.to}</bdi>
                  </span>,
                ] as const,
              ]
            : []),
          ...(from ? [[t('campaigns.from'), nameOfNumber(from)] as const] : []),
        ]}
      />
    </aside>
  )
}
