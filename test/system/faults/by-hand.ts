/** A run that is not part of `npm test`, with what was seen when it was last made. */
export interface ByHand {
  /** Numbers of the faults that it holds. */
  faults: readonly number[]
  command: string
  date: string
  seen: string
}

/** Kept by whoever makes such a run; the figures in full are in docs/trials.md. */
export const BY_HAND: readonly ByHand[] = [
  {
    faults: [2],
    command: 'npm run trial -- recorders',
    date: '2026-11-30',
    seen: '54,987 items with two kills: 50,000 messages each once, in order, counters exact',
  },
  {
    faults: [10],
    command: 'npm run trial -- broker-outage',
    date: '2026-11-30',
    seen: '37,115 webhooks answered 200, all stored 45 s after the broker was back, beside other work',
  },
  {
    faults: [12],
    command: 'TRIAL_RATE=100 npm run trial -- frozen-broker',
    date: '2026-11-29',
    seen: '6,000 webhooks in 60 s answered 200 with p99 2.1 s, all stored 12.9 s after, beside other work',
  },
  {
    faults: [17],
    command: 'npm run trial -- broker-cluster',
    date: '2026-11-29',
    seen: 'leader killed: stored meanwhile; two killed: nothing confirmed; both back: all stored 5.5 s after, nothing lost or twice',
  },
  {
    faults: [17],
    command: 'npm run trial -- stopped-shard',
    date: '2026-11-29',
    seen: '12,001 webhooks in 60 s answered 200; lag p99 of the other shards 33 ms before and 33 ms meanwhile; all stored 5.2 s after',
  },
  {
    faults: [20],
    command: 'npm run trial -- mongodb-outage',
    date: '2026-11-29',
    seen: '21,426 webhooks answered 200, all stored 11.5 s after MongoDB was back, no dead letter',
  },
  {
    faults: [14, 40],
    command: 'npm run trial -- disk-full',
    date: '2026-11-21',
    seen: '12,375 answered 200 and stored, 9,948 answered 503',
  },
  {
    faults: [6, 22, 50],
    command: 'npm run trial -- sockets',
    date: '2026-11-30',
    seen: '36,090 events to 3,000 sockets with kills and a cut network: none missing, doubled or foreign',
  },
  {
    faults: [37, 38],
    command: 'npm run trial -- rates',
    date: '2026-11-21',
    seen: 'at most 88 posts in a sliding second of 80 + 8',
  },
  {
    faults: [35],
    command: 'npm run trial -- fairness',
    date: '2026-11-21',
    seen: "another tenant's replies p99 36 ms beside 100,000",
  },
  {
    faults: [23, 24],
    command: 'npm run trial -- faults',
    date: '2026-11-21',
    seen: '4,000 messages, 3,021 faults: none lost or doubled',
  },
  {
    faults: [4],
    command: 'npm run trial -- killed-senders',
    date: '2026-11-30',
    seen: '48,000 messages: none lost or doubled, 831 reported as of unknown outcome',
  },
  {
    faults: [1, 2, 3, 4, 6, 7],
    command: 'npm run trial -- killed-steps',
    date: '2026-11-30',
    seen: '50 kills at 42 points of all services: no violation',
  },
  {
    faults: [35, 36],
    command: 'npm run trial -- million',
    date: '2026-11-21',
    seen: 'heap flat, one message for each recipient, one sender killed',
  },
  {
    faults: [56],
    command: 'npm run compose-check -- --local-bases',
    date: '2026-11-30',
    seen: 'both images built, production and demo from nothing, SIGTERM and SIGKILL under load: 1,829 messages each there once',
  },
  {
    faults: [57],
    command: 'TRIAL_MINUTES=1 npm run trial -- soak',
    date: '2026-11-29',
    seen: 'one minute beside other work, four faults: no violation; a run of hours is to come',
  },
]
