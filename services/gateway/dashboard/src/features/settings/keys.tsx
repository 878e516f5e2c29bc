import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRepeatKey } from '../../lib/api/repeat-key.ts'
import { useFormat } from '../../lib/i18n/format.ts'
import { Text, useText } from '../../lib/i18n/text.tsx'
import { useMay } from '../../lib/session/rights.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Check, Field, Input } from '../../ui/field.tsx'
import { LockIcon, PlusIcon } from '../../ui/icons.tsx'
import { Refused } from '../../ui/refused.tsx'
import { Bone, Empty, ErrorRow } from '../../ui/states.tsx'
import { Tag } from '../../ui/tag.tsx'
import { type ApiKey, apiKeysQuery, createKey, revokeKey, rotateKey, scopesQuery, useSettingsChange } from './data.ts'
import { Secret } from './secret.tsx'

/** Which programs may act for the company, and with what rights? */
export function Keys() {
  const t = useText()
  const mayWrite = useMay('apiKeys.write')
  const { data, error, refetch } = useQuery(apiKeysQuery)
  const [isNew, setNew] = useState(false)
  const [shown, setShown] = useState<string | null>(null)
  return (
    <div className="grid gap-4">
      {mayWrite && (
        <div>
          <Button kind="primary" icon={PlusIcon} onClick={() => setNew(true)}>
            {t('settings.keys.new')}
          </Button>
        </div>
      )}
      {error && (
        <ErrorRow error={error} onRetry={() => void refetch()}>
          {t('settings.keys.failed')}
        </ErrorRow>
      )}
      {!data && !error && <Bone width="100%" height="6rem" />}
      {data?.data.length === 0 && <Empty icon={LockIcon} title={t('settings.keys.none')} text={t('settings.keys.none.text')} />}
      <ul className="border-b border-line">
        {data?.data.map(key => (
          <KeyRow key={key.id} apiKey={key} mayWrite={mayWrite} onShown={setShown} />
        ))}
      </ul>
      {isNew && (
        <NewKeyDialog
          onClose={() => setNew(false)}
          onMade={key => {
            setNew(false)
            setShown(key)
          }}
        />
      )}
      {shown && (
        <Dialog
          title={t('settings.keys.made')}
          onClose={() => setShown(null)}
          footer={<Button onClick={() => setShown(null)}>{t('settings.keys.kept')}</Button>}
        >
          <p>{t('settings.keys.once')}</p>
          <Secret text={shown} />
        </Dialog>
      )}
    </div>
  )
}

const KINDS = { active: 'ok', replaced: 'time', expired: 'plain', revoked: 'fail' } as const

interface KeyRowProps {
  apiKey: ApiKey
  mayWrite: boolean
  onShown(key: string): void
}

function KeyRow({ apiKey, mayWrite, onShown }: KeyRowProps) {
  const t = useText()
  const { full } = useFormat()
  const [isAsked, setAsked] = useState(false)
  const repeat = useRepeatKey()
  const rotate = useSettingsChange(rotateKey)
  const revoke = useSettingsChange(revokeKey)
  const { id, name, prefix, role, scopes, state, lastUsedAt, expiresAt } = apiKey
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-t border-line py-3 max-two:grid-cols-1">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <bdi className="weight-name">{name}</bdi>
          <Tag kind={KINDS[state]}>{t(`settings.keys.state.${state}`)}</Tag>
        </p>
        <p className="text-meta text-ink-3">
          <bdi dir="ltr" className="font-mono">
            {prefix}
          </bdi>{' '}
          · {t(`app.role.${role}`)} ·{' '}
          {lastUsedAt ? <Text id="settings.keys.used" values={{ at: full(lastUsedAt) }} /> : t('settings.keys.unused')}
          {expiresAt && (
            <>
              {' · '}
              <Text id="settings.keys.ends" values={{ at: full(expiresAt) }} />
            </>
          )}
        </p>
        <p className="text-meta break-words text-ink-3">
          <bdi dir="ltr" className="font-mono">
            {scopes.join(' ')}
          </bdi>
        </p>
        <Refused error={rotate.error} />
      </div>
      {mayWrite && state === 'active' && (
        <div className="flex flex-wrap gap-2">
          <Button
            small
            busy={rotate.isPending}
            onClick={() =>
              rotate.mutate({ id, key: repeat.current() }, { onSuccess: made => onShown(made.key), onError: repeat.onError })
            }
          >
            {t('settings.keys.rotate')}
          </Button>
          <Button small kind="quiet" onClick={() => setAsked(true)}>
            {t('settings.keys.revoke')}
          </Button>
        </div>
      )}
      {isAsked && (
        <Dialog
          title={t('settings.keys.revoke.title', { name })}
          onClose={() => setAsked(false)}
          footer={
            <>
              <Button onClick={() => setAsked(false)}>{t('ui.cancel')}</Button>
              <Button
                kind="danger"
                busy={revoke.isPending}
                onClick={() => revoke.mutate(id, { onSuccess: () => setAsked(false) })}
              >
                {t('settings.keys.revoke')}
              </Button>
            </>
          }
        >
          <p>{t('settings.keys.revoke.text')}</p>
          <Refused error={revoke.error} />
        </Dialog>
      )}
    </li>
  )
}

function NewKeyDialog({ onClose, onMade }: { onClose(): void; onMade(key: string): void }) {
  const t = useText()
  const { data: scopes } = useQuery(scopesQuery)
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<readonly string[]>([])
  const repeat = useRepeatKey()
  const create = useSettingsChange(createKey)
  const toggle = (scope: string, isOn: boolean) =>
    setChosen(before => (isOn ? [...before, scope] : before.filter(one => one !== scope)))
  const offered = scopes?.data.filter(({ actions }) => actions.length > 0) ?? []
  return (
    <Dialog wide title={t('settings.keys.new')} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={event => {
          event.preventDefault()
          if (create.isPending || chosen.length === 0) return
          const order = { name: name.trim(), role: 'tenant_admin' as const, scopes: [...chosen], key: repeat.current() }
          create.mutate(order, { onSuccess: made => onMade(made.key), onError: repeat.onError })
        }}
      >
        <Field label={t('settings.keys.name')} hint={t('settings.keys.name.hint')}>
          {ids => (
            <Input
              {...ids}
              data-autofocus
              required
              dir="auto"
              maxLength={100}
              value={name}
              onChange={event => setName(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="grid max-h-72 grid-cols-2 gap-x-4 gap-y-1 overflow-auto max-two:grid-cols-1">
          <legend className="weight-name mb-1">{t('settings.keys.scopes')}</legend>
          {offered.map(({ scope, actions }) => (
            <span key={scope} title={actions.join(', ')}>
              <Check
                label={
                  <bdi dir="ltr" className="font-mono">
                    {scope}
                  </bdi>
                }
                checked={chosen.includes(scope)}
                onChange={event => toggle(scope, event.target.checked)}
              />
            </span>
          ))}
        </fieldset>
        <Refused error={create.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('ui.cancel')}</Button>
          <Button type="submit" kind="primary" disabled={chosen.length === 0} busy={create.isPending}>
            {t('settings.keys.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
