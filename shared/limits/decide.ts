import {
  CAMPAIGN_WAIT_MS,
  DAY_MS,
  NUMBER_BURST,
  PAIR_BURST,
  PAIR_INTERVAL_MS,
  RECOVERY_MS,
  SLOW_FACTOR,
  SLOW_PAUSE_MS,
  SLOW_QUIET_MS,
  SLOWEST,
} from './claims.ts'

/** Number of script arguments for each claim. */
export const CLAIM_FIELDS = 11

const CLOCK = `
local prefix = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function factorOf(number)
  local slow = redis.call('HMGET', prefix .. ':slow:' .. number, 'factor', 'at')
  if not slow[1] then return 1, nil end
  local factor, at = tonumber(slow[1]), tonumber(slow[2])
  local recovered = math.max(0, now - at - ${SLOW_QUIET_MS}) / ${RECOVERY_MS}
  return factor + (1 - factor) * math.min(1, recovered), at
end
`

/**
 * Decides many claims in one call, in order, on Redis's clock: generic cell rate algorithm (one timestamp for each bucket, the
 * theoretical arrival of the next message), and for the messaging limit a sorted set of the people written to first, by time.
 * Returns two numbers for each claim: milliseconds to wait, and 0 for granted or the position of the refusing limit in
 * LIMIT_NAMES, from 1. KEYS[1] has a hash tag, so that all keys are in one slot of a cluster.
 */
export const DECIDE_SCRIPT = `
${CLOCK}
local maxWait = tonumber(ARGV[1])
local arrivals, holds, ahead, changed, answers, factors, trimmed = {}, {}, {}, {}, {}, {}, {}

local function held(name)
  if holds[name] == nil then holds[name] = redis.call('PTTL', prefix .. ':h:' .. name) end
  return holds[name]
end

local function arrival(key)
  if arrivals[key] == nil then arrivals[key] = math.max(tonumber(redis.call('GET', key) or '0'), now) end
  return arrivals[key]
end

local function factor(number)
  if factors[number] == nil then factors[number] = factorOf(number) end
  return factors[number]
end

local function messagingWait(people, limit, contact)
  if not trimmed[people] then
    redis.call('ZREMRANGEBYSCORE', people, '-inf', now - ${DAY_MS})
    trimmed[people] = true
  end
  if redis.call('ZSCORE', people, contact) or redis.call('ZCARD', people) < limit then return 0 end
  local oldest = redis.call('ZRANGE', people, 0, 0, 'WITHSCORES')
  return math.max(1, tonumber(oldest[2]) + ${DAY_MS} - now)
end

local function decide(i)
  local number, rate, contact, tenant = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local perMinute, perDay, waba, priority = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5]), ARGV[i + 6], ARGV[i + 7]
  local portfolio, people, lead = ARGV[i + 8], tonumber(ARGV[i + 9]), tonumber(ARGV[i + 10])
  local pair = number .. ':' .. contact
  local wait = math.max(held('app:app'), held('waba:' .. waba), held('number:' .. number), held('pair:' .. pair))
  if priority == 'campaign' then wait = math.max(wait, held('campaign:' .. number)) end
  if wait > 0 then return wait, 1 end

  rate = rate * factor(number)
  local rateKey = prefix .. ':n:' .. number
  if lead > 0 then
    arrivals[rateKey] = math.max(arrival(rateKey), now + lead + ${NUMBER_BURST - 1} * 1000 / rate)
  end
  local buckets = {
    perMinute > 0 and { prefix .. ':m:' .. tenant, 60000 / perMinute, perMinute } or false,
    perDay > 0 and { prefix .. ':d:' .. tenant, ${DAY_MS} / perDay, perDay } or false,
    false,
    { rateKey, 1000 / rate, ${NUMBER_BURST} },
    contact ~= '' and { prefix .. ':p:' .. pair, ${PAIR_INTERVAL_MS}, ${PAIR_BURST} } or false,
  }
  local furthest = priority == 'campaign' and math.min(maxWait, ${CAMPAIGN_WAIT_MS}) or maxWait
  wait = 0
  for place, bucket in ipairs(buckets) do
    if bucket then
      local key, interval, burst = bucket[1], bucket[2], bucket[3]
      local mine = arrival(key) - (burst - 1) * interval - now
      if mine > furthest then
        local before = ahead[key] or 0
        ahead[key] = before + 1
        return mine + before * interval, place + 1
      end
      wait = math.max(wait, mine)
    elseif place == 3 and people > 0 then
      local day = messagingWait(prefix .. ':q:' .. portfolio, people, contact)
      if day > 0 then return day, 4 end
    end
  end
  for _, bucket in ipairs(buckets) do
    if bucket then
      arrivals[bucket[1]] = arrival(bucket[1]) + bucket[2]
      changed[bucket[1]] = true
    end
  end
  if people > 0 then
    redis.call('ZADD', prefix .. ':q:' .. portfolio, 'NX', now, contact)
    redis.call('PEXPIRE', prefix .. ':q:' .. portfolio, ${DAY_MS})
  end
  return wait, 0
end

for i = 2, #ARGV, ${CLAIM_FIELDS} do
  local wait, limit = decide(i)
  answers[#answers + 1] = math.ceil(wait)
  answers[#answers + 1] = limit
end
for key in pairs(changed) do
  redis.call('SET', key, string.format('%.3f', arrivals[key]), 'PX', math.ceil(arrivals[key] - now) + 1000)
end
return answers
`

/** `slower` on Redis's clock, for all processes. ARGV[1]: phone number id. */
export const SLOWER_SCRIPT = `
${CLOCK}
local number = ARGV[1]
local factor, at = factorOf(number)
if at and now - at < ${SLOW_PAUSE_MS} then return 0 end
local key = prefix .. ':slow:' .. number
redis.call('HSET', key, 'factor', tostring(math.max(${SLOWEST}, factor * ${SLOW_FACTOR})), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', key, ${SLOW_QUIET_MS + RECOVERY_MS})
return 1
`
