/** What a browser records by itself, best first: WhatsApp plays Opus in Ogg as a voice message, and AAC as a file. */
const TYPES = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus', 'audio/mp4'] as const

export interface Recording {
  /** ms since 1970. */
  startedAt: number
  /** Ends it. `isVoice`: WhatsApp shows it as a voice message; otherwise it is an audio file. */
  finish(): Promise<{ file: File; isVoice: boolean }>
  /** Ends it and keeps nothing. */
  cancel(): void
}

/** Asks for the microphone and records until it is told otherwise. @throws DOMException NotAllowedError, NotFoundError, NotSupportedError */
export async function startRecording(): Promise<Recording> {
  const type = typeof MediaRecorder === 'undefined' ? undefined : TYPES.find(one => MediaRecorder.isTypeSupported(one))
  if (type === undefined || navigator.mediaDevices === undefined) throw new DOMException('It cannot record.', 'NotSupportedError')
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32_000 })
  const parts: Blob[] = []
  recorder.ondataavailable = ({ data }) => void parts.push(data)
  const release = () => {
    for (const track of stream.getTracks()) track.stop()
  }
  const ended = new Promise<void>((resolve, reject) => {
    recorder.onstop = () => resolve()
    recorder.onerror = () => reject(new DOMException('The recording failed.', 'OperationError'))
  })
  recorder.start()
  return {
    startedAt: Date.now(),
    async finish() {
      if (recorder.state !== 'inactive') recorder.stop()
      await ended
      release()
      return await voiceFile(new Blob(parts, { type }))
    },
    cancel() {
      if (recorder.state !== 'inactive') recorder.stop()
      release()
    },
  }
}

/** The recording as it is sent: Opus in WebM is put into Ogg as it is, without being coded anew. */
async function voiceFile(recorded: Blob): Promise<{ file: File; isVoice: boolean }> {
  const bare = recorded.type.split(';')[0]
  if (bare === 'audio/mp4') return { file: new File([recorded], 'audio.m4a', { type: 'audio/mp4' }), isVoice: false }
  const content = bare === 'audio/ogg' ? recorded : await (await import('./webm-to-ogg.ts')).webmToOgg(recorded)
  return { file: new File([content], 'voice.ogg', { type: 'audio/ogg' }), isVoice: true }
}
