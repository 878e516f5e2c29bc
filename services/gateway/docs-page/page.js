// API reference, rendered from the OpenAPI document; every operation can be tried. No library is used, so that the page works
// under the same strict content security policy as the rest of the gateway.
const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const spec = await (await fetch('/api/v1/openapi.json')).json()
const main = document.querySelector('#operations')
const token = document.querySelector('#token')

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

/** A schema with its references resolved, up to six levels deep. */
function resolved(value, depth = 0) {
  if (Array.isArray(value)) return value.map(item => resolved(item, depth))
  if (typeof value !== 'object' || value === null) return value
  if (value.$ref && depth < 6) return resolved(target(value.$ref), depth + 1)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolved(member, depth)]))
}
const target = ref =>
  ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at[key], spec)

const block = (title, value) =>
  element(
    'section',
    {},
    element('strong', { textContent: title }),
    element('pre', { textContent: JSON.stringify(value, null, 2) }),
  )

function drawOperation(path, method, operation) {
  const heading = element('summary', {}, element('span', { className: 'method', textContent: method.toUpperCase() }))
  heading.append(element('code', { textContent: path }), ` — ${operation.summary ?? ''}`)
  const details = element('details', {}, heading)
  details.dataset.text = `${method} ${path} ${operation.summary} ${operation.tags}`.toLowerCase()
  details.addEventListener('toggle', () => details.childElementCount === 1 && details.append(drawBody(path, method, operation)))
  return details
}

function drawBody(path, method, operation) {
  const body = element('div')
  if (operation['x-action']) body.append(element('p', { textContent: `Requires the permission ${operation['x-action']}` }))
  const inputs = (operation.parameters ?? []).map(parameter => {
    const input = element('input', { autocomplete: 'off' })
    const text = `${parameter.name} (${parameter.in}${parameter.required ? ', required' : ''}) ${parameter.description ?? ''}`
    body.append(element('label', { textContent: text }, input))
    return { parameter, input }
  })
  const schema = operation.requestBody?.content['application/json']?.schema
  const text = schema && element('textarea', { rows: 8, value: '{\n}' })
  if (schema) body.append(block('Body', resolved(schema)), element('label', { textContent: 'JSON to send' }, text))
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = Object.values((answer.$ref ? target(answer.$ref) : answer).content ?? {})[0]
    if (content?.schema) body.append(block(`Response ${status}`, resolved(content.schema)))
  }
  const output = element('pre', { hidden: true })
  output.setAttribute('aria-live', 'polite')
  const button = element('button', { type: 'button', textContent: 'Try it' })
  button.addEventListener('click', () => call(path, method, inputs, text?.value, output))
  body.append(button, output)
  return body
}

async function call(path, method, inputs, json, output) {
  const headers = json === undefined ? {} : { 'content-type': 'application/json' }
  if (token.value) headers.authorization = `Bearer ${token.value.trim()}`
  const query = new URLSearchParams()
  let address = path
  for (const { parameter, input } of inputs) {
    if (parameter.in === 'path') address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value))
    else if (input.value !== '' && parameter.in === 'query') query.set(parameter.name, input.value)
    else if (input.value !== '') headers[parameter.name] = input.value
  }
  output.hidden = false
  output.textContent = '…'
  try {
    const answer = await fetch(query.size ? `${address}?${query}` : address, {
      method: method.toUpperCase(),
      headers,
      body: json,
      credentials: 'same-origin',
    })
    output.textContent = `${answer.status} ${answer.statusText}\n${pretty(await answer.text())}`
  } catch (error) {
    output.textContent = String(error)
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

main.replaceChildren()
main.removeAttribute('aria-busy')
for (const { name } of spec.tags) {
  const section = element('section', {}, element('h2', { textContent: name }))
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const method of METHODS) {
      const operation = methods[method]
      if (operation?.tags?.[0] === name) section.append(drawOperation(path, method, operation))
    }
  }
  main.append(section)
}

document.querySelector('#filter').addEventListener('input', event => {
  const words = event.target.value.toLowerCase().split(/\s+/)
  for (const details of main.querySelectorAll('details'))
    details.hidden = !words.every(word => details.dataset.text.includes(word))
})
