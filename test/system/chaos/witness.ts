import { io } from 'socket.io-client'
import { type Addresses, type BusinessNumber, login } from './traffic.ts'

/** A socket that reconnects and syncs like a dashboard, and records every seq it receives. */
export interface Witness {
  /** After the last event: what is missing between the first and the last seq, and what came twice in one connection's life. */
  verdict(): Promise<{ gaps: number; repeats: number; last: number }>
  close(): void
}

interface ReceivedEvent {
  eventId: string
  seq: number
}

export async function connectWitness(socketUrl: string, addresses: Addresses, number: BusinessNumber): Promise<Witness> {
  const eventOf = new Map<number, string>()
  const seqOf = new Map<string, number>()
  let repeats = 0
  let last = 0
  let first: number | null = null
  const socket = io(socketUrl, {
    transports: ['websocket'],
    reconnectionDelay: 200,
    reconnectionDelayMax: 1000,
    auth: answer => void login(addresses, number).then(token => answer({ token })),
  })

  const note = (event: ReceivedEvent) => {
    if (typeof event?.seq !== 'number' || typeof event.eventId !== 'string') return
    const known = seqOf.get(event.eventId)
    // The very event again (replay and live overlap) is what clients drop; another number for it, or another event under its number, is a fault.
    if ((known !== undefined && known !== event.seq) || (eventOf.get(event.seq) ?? event.eventId) !== event.eventId) repeats++
    seqOf.set(event.eventId, event.seq)
    eventOf.set(event.seq, event.eventId)
    last = Math.max(last, event.seq)
  }
  socket.onAny((name: string, event: ReceivedEvent) => {
    if (name.includes(':') && name !== 'session:ready' && !name.startsWith('sync:')) note(event)
  })
  const contiguous = () => {
    let seq = first ?? 0
    while (eventOf.has(seq + 1)) seq++
    return seq
  }
  const catchUp = (seq: number) => {
    if (seq > contiguous()) socket.emit('sync', { sinceSeq: contiguous() })
  }
  socket.on('tick', ({ seq }: { seq: number }) => catchUp(seq))
  await new Promise<void>(resolve => {
    socket.on('session:ready', ({ seq }: { seq: number }) => {
      first ??= seq
      catchUp(seq)
      resolve()
    })
  })

  return {
    async verdict() {
      socket.emit('sync', { sinceSeq: contiguous() })
      await Promise.race([
        new Promise(resolve => socket.once('sync:done', resolve)),
        new Promise(resolve => setTimeout(resolve, 15_000)),
      ])
      return { gaps: last - contiguous(), repeats, last }
    },
    close: () => void socket.disconnect(),
  }
}
