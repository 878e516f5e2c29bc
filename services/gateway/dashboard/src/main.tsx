import './styles/index.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { startI18n } from './lib/i18n/i18n.ts'
import { followPreferences } from './lib/preferences.ts'
import { followTabs, restoreSession } from './lib/session/session.ts'
import { handBack } from './lib/signup-window.ts'

handBack()
followPreferences()
followTabs()
await Promise.all([startI18n(), restoreSession()])
createRoot(document.getElementById('root') as HTMLElement).render(<App />)
