// Shows the OpenAPI document with Scalar. Everything comes from this host, as the policy of the page requires.

// Scalar's zod would try whether code may be made of texts; the policy would report that.
globalThis.__zod_globalConfig = { jitless: true }

const script = document.createElement('script')
script.src = '/docs/scalar.js'
script.addEventListener('load', () => {
  globalThis.Scalar.createApiReference('#app', {
    url: '/api/v1/openapi.json',
    // Nothing of what Scalar offers on hosts of its own.
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: 'never',
    documentDownloadType: 'none',
  })
})
script.addEventListener('error', () => {
  document.getElementById('app').textContent = 'The reference could not be loaded. The document itself: /api/v1/openapi.json'
})
document.head.append(script)
