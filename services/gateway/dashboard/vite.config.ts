import path from 'node:path'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { serviceWorkerPlugin } from './build/service-worker-plugin.ts'
import { textsPlugin } from './build/texts-plugin.ts'

/** Small modules that every page shares: one file of them is smaller than ten, and asked for once. */
const PARTS =
  /src\/(features\/[^/]+\/search\.ts|lib\/(clock|drafts|preferences|settings|notifications)\.ts|lib\/data\/(keys|numbers|contact-name|conversations|inbox-aids)\.ts|ui\/(mark|tag|tick|states|window)\.tsx?)$/

const SRC = path.join(import.meta.dirname, 'src')
/** Browsers that know `light-dark()`, which must not be rewritten: the tokens are made of it. */
const BROWSERS = ['chrome123', 'edge123', 'firefox120', 'safari17.5']
/** Of the development server alone, which puts styles and one script into the page itself. Constant: nothing is protected by it. */
const DEVELOPMENT_NONCE = 'development'

/** Address of the gateway that the development server forwards to; `npm run dev` sets both. */
const { DASHBOARD_GATEWAY = 'http://127.0.0.1:3000', DASHBOARD_PORT = '5173', SOCKET_URL = '' } = process.env

export default defineConfig(({ command }) => ({
  root: import.meta.dirname,
  plugins: [textsPlugin(SRC), react(), tailwind(), serviceWorkerPlugin(path.join(import.meta.dirname, 'public'))],
  ...(command === 'serve' && { html: { cspNonce: DEVELOPMENT_NONCE } }),
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    // The CSP allows no script from `data:`, and small files are cached just as well.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'parts', test: PARTS }] } } },
  },
  server: {
    host: '127.0.0.1',
    port: Number(DASHBOARD_PORT),
    strictPort: true,
    headers: { 'content-security-policy': developmentCsp(SOCKET_URL) },
    proxy: {
      // The gateway knows its own address as the only origin that may use the cookie of a session.
      '/api': { target: DASHBOARD_GATEWAY, changeOrigin: true, headers: { origin: DASHBOARD_GATEWAY } },
      '/docs': { target: DASHBOARD_GATEWAY, changeOrigin: true },
    },
  },
}))

/** As strict as the gateway's (`services/gateway/dashboard-files.ts`) but for the nonce and the socket of hot reload. */
function developmentCsp(socketUrl: string): string {
  const nonce = `'nonce-${DEVELOPMENT_NONCE}'`
  return [
    "default-src 'none'",
    `script-src 'self' ${nonce}`,
    `style-src 'self' ${nonce}`,
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self'",
    `connect-src 'self' ws: ${socketUrl}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}
