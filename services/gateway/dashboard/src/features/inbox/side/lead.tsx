import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { Text, useText } from '../../../lib/i18n/text.tsx'
import { useMay } from '../../../lib/session/rights.ts'
import { Select } from '../../../ui/field.tsx'
import { Bone, ErrorRow } from '../../../ui/states.tsx'
import { leadQuery, pipelinesQuery, useStage } from './data.ts'
import { Section } from './section.tsx'
import { useRefusal } from './use-refusal.tsx'

/** The lead behind a conversation: in which stage it is. */
export function LeadPart({ leadId, applicationId }: { leadId: string; applicationId: string | null }) {
  const t = useText()
  const id = useId()
  const mayWrite = useMay('leads.write')
  const { data: lead, error, refetch } = useQuery(leadQuery(leadId))
  const { data: pipelines } = useQuery(pipelinesQuery)
  const move = useStage(leadId, useRefusal())
  const pipeline = pipelines?.find(one => one.id === lead?.pipelineId)
  return (
    <Section title={t('side.lead')}>
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('side.lead.failed')}
        </ErrorRow>
      )}
      {lead && pipeline && (
        <div className="grid gap-1">
          <label htmlFor={id} className="text-ink-2">
            <Text id="side.lead.stage" values={{ pipeline: pipeline.name }} />
          </label>
          <Select
            id={id}
            value={lead.stageId}
            disabled={!mayWrite || move.isPending}
            onChange={event => move.mutate(event.target.value)}
          >
            {pipeline.stages.map(stage => (
              <option key={stage.id} value={stage.id}>
                {stage.name}
              </option>
            ))}
          </Select>
        </div>
      )}
      {!lead && !error && <Bone width="100%" height="2rem" />}
      {applicationId && (
        <p className="text-meta text-ink-3">
          {t('side.lead.application')}{' '}
          <bdi dir="ltr" className="font-mono">
            {applicationId}
          </bdi>
        </p>
      )}
    </Section>
  )
}
