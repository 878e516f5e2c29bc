import { useEffect, useRef, useState } from 'react'
import { useSecond } from '../../../../lib/clock.ts'
import { useText } from '../../../../lib/i18n/text.tsx'
import type { ChosenFile } from '../../../../lib/outbox/chosen-file.ts'
import { sendMessage } from '../../../../lib/outbox/outbox.ts'
import { Button } from '../../../../ui/button.tsx'
import { CloseIcon, FailIcon, Icon, SendIcon, StopIcon, VoiceIcon } from '../../../../ui/icons.tsx'
import { outgoingOf } from '../outgoing.ts'
import { changeComposer, composerOf } from '../state.ts'
import { Panel } from './panel.tsx'
import { type Recording, startRecording } from './voice.ts'

type State =
  | { step: 'asking' }
  | { step: 'refused'; why: 'none' | 'denied' | 'failed' }
  | { step: 'recording'; recording: Recording }
  | { step: 'making' }
  | { step: 'done'; file: File; isVoice: boolean; url: string }

/** Records a voice message: it is listened to before it goes out. */
export default function VoicePanel({ conversationId, onClose }: { conversationId: string; onClose(): void }) {
  const t = useText()
  const { state, finish } = useVoice()
  return (
    <Panel title={t('composer.voice')} onClose={onClose}>
      <div className="flex min-h-12 flex-wrap items-center gap-3 py-1">
        {state.step === 'asking' && <p className="text-ink-2">{t('composer.voice.asking')}</p>}
        {state.step === 'making' && <p className="text-ink-2">{t('composer.voice.making')}</p>}
        {state.step === 'refused' && (
          <p role="alert" className="flex items-center gap-2 text-fail">
            <Icon of={FailIcon} />
            {t(`composer.voice.${state.why}`)}
          </p>
        )}
        {state.step === 'recording' && (
          <>
            <Elapsed since={state.recording.startedAt} />
            <Button autoFocus icon={StopIcon} onClick={() => void finish(state.recording)}>
              {t('composer.voice.stop')}
            </Button>
          </>
        )}
        {state.step === 'done' && (
          <>
            {/* biome-ignore lint/a11y/useMediaCaption: one's own voice, just recorded */}
            <audio dir="ltr" src={state.url} controls className="h-10 w-64 max-w-full" />
            {!state.isVoice && <p className="text-meta text-ink-2">{t('composer.voice.file')}</p>}
            <Button kind="quiet" icon={CloseIcon} onClick={onClose}>
              {t('composer.voice.drop')}
            </Button>
            <Button
              autoFocus
              icon={SendIcon}
              turns
              onClick={() => {
                sendRecording(conversationId, state)
                onClose()
              }}
            >
              {t('composer.voice.send')}
            </Button>
          </>
        )}
      </div>
    </Panel>
  )
}

/** A recording that begins at once, and ends with the component at the latest. */
function useVoice() {
  const [state, setState] = useState<State>({ step: 'asking' })
  const current = useRef<Recording | null>(null)
  useEffect(() => {
    let isHere = true
    startRecording().then(
      recording => {
        if (!isHere) return recording.cancel()
        current.current = recording
        setState({ step: 'recording', recording })
      },
      (error: unknown) => isHere && setState({ step: 'refused', why: reasonOf(error) }),
    )
    return () => {
      isHere = false
      current.current?.cancel()
    }
  }, [])
  const url = state.step === 'done' ? state.url : null
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url])
  const finish = async (recording: Recording) => {
    setState({ step: 'making' })
    try {
      const { file, isVoice } = await recording.finish()
      setState({ step: 'done', file, isVoice, url: URL.createObjectURL(file) })
    } catch {
      setState({ step: 'refused', why: 'failed' })
    }
  }
  return { state, finish }
}

function reasonOf(error: unknown): 'none' | 'denied' | 'failed' {
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError') return 'denied'
  return name === 'NotFoundError' || name === 'NotSupportedError' ? 'none' : 'failed'
}

/** It goes out alone: a text that is being written stays where it is. */
function sendRecording(conversationId: string, { file, isVoice }: Extract<State, { step: 'done' }>): void {
  const { name, type, size } = file
  const chosen: ChosenFile = {
    ...{ id: '', content: file, name, type, size, kind: 'audio', problem: null },
    ...(isVoice && { isVoice }),
  }
  const own = { ...composerOf(conversationId), files: [chosen] }
  for (const { message, content } of outgoingOf({ ...own, conversationId, text: '' })) sendMessage(message, content)
  changeComposer(conversationId, { quote: null, fallback: null })
}

function Elapsed({ since }: { since: number }) {
  const t = useText()
  const s = Math.max(0, Math.floor((useSecond() - since) / 1000))
  return (
    <span className="flex items-center gap-2 text-fail">
      <Icon of={VoiceIcon} />
      <span className="figures" dir="ltr">
        {Math.floor(s / 60)}:{String(s % 60).padStart(2, '0')}
      </span>
      <span role="status" className="text-ui">
        {t('composer.voice.recording')}
      </span>
    </span>
  )
}
