import './styles/index.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { startI18n } from './lib/i18n/i18n.ts'
import { whenIdle } from './lib/idle.ts'
import { followPreferences } from './lib/preferences.ts'
import { followTabs, restoreSession } from './lib/session/session.ts'

// A window that another page of ours opened: Meta's dialog may just have returned in it.
if (window.opener) void import('./lib/signup-window.ts').then(({ handBack }) => handBack())
followPreferences()
followTabs()
await Promise.all([startI18n(), restoreSession()])
createRoot(document.getElementById('root') as HTMLElement).render(<App />)
// The browser keeps the files of the page. Only where it is built; browsers without it (plain http) ask the network each time.
if (import.meta.env.PROD) whenIdle(() => void navigator.serviceWorker?.register('/sw.js').catch(() => undefined))
