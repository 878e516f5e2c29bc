// The health check of a container: whether the service on this port is ready.
const [port, path = '/ready'] = process.argv.slice(2)
fetch(`http://127.0.0.1:${port}${path}`).then(
  response => process.exit(response.ok ? 0 : 1),
  () => process.exit(1),
)
