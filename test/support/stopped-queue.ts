import { QUEUES } from '#shared/queue/topology.ts'

interface Broker {
  evaluate(expression: string): Promise<string>
}

/** A shard of the conversations. */
export const STOPPED_SHARD = 1
const queue = QUEUES.conversation[STOPPED_SHARD] as string
/** The Raft server of the queue in the default virtual host. */
const server = `{'%2F_${queue}', node()}`

/** Stops the queue's Raft server: the queue is there, takes messages and confirms none. */
export const stopQueue = (broker: Broker) => broker.evaluate(`ra:stop_server(quorum_queues, ${server}).`)

/** Ends what `stopQueue` began. */
export const restartQueue = (broker: Broker) => broker.evaluate(`ra:restart_server(quorum_queues, ${server}).`)
