// Before the first paint: theme, language and direction as they were chosen. A file, because the CSP allows no inline script.
;(() => {
  const root = document.documentElement
  let kept = {}
  try {
    kept = JSON.parse(localStorage.getItem('linko.preferences') ?? '{}')
  } catch {
    // Storage that is forbidden or damaged: the system's theme and language.
  }
  if (kept.theme === 'light' || kept.theme === 'dark') root.dataset.theme = kept.theme
  const spoken = [kept.locale, ...navigator.languages].map(name => String(name).slice(0, 2))
  const lang = spoken.find(name => ['en', 'fr', 'ar'].includes(name)) ?? 'en'
  root.lang = lang
  root.dir = lang === 'ar' ? 'rtl' : 'ltr'
})()
