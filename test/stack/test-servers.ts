/** What tests are told of their servers. `DATABASE` and `VHOST` in the addresses are replaced by each test's own. */
export interface TestServers {
  mongodbUri: string
  rabbitmqUrl: string
  redisUrl: string
  vhosts: string[]
}

/** Private servers on free ports with a pool of vhosts; disposing stops them and removes their data. */
export async function startTestServers(): Promise<AsyncDisposable & { servers: TestServers }> {
  throw new Error('set LINKO_TEST_SERVERS')
}
