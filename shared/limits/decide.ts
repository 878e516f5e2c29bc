import { NUMBER_BURST, PAIR_BURST, PAIR_INTERVAL_MS, SLOW_FACTOR } from './claims.ts'

/** Members of one claim in the script's arguments. */
export const CLAIM_FIELDS = 8

/**
 * Decides many claims in one call, in their order, on Redis's clock: generic cell rate algorithm (one timestamp a bucket,
 * the theoretical arrival of the next). Answers two numbers a claim: milliseconds to wait, and 0 for granted or the place
 * of the refusing limit in LIMIT_NAMES, from 1. KEYS[1] carries a hash tag: all keys lie in one slot of a cluster.
 */
export const DECIDE_SCRIPT = `
local prefix = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local maxWait = tonumber(ARGV[1])
local arrivals, holds, ahead, changed, answers = {}, {}, {}, {}, {}

local function held(name)
  if holds[name] == nil then holds[name] = redis.call('PTTL', prefix .. ':h:' .. name) end
  return holds[name]
end

local function arrival(key)
  if arrivals[key] == nil then arrivals[key] = math.max(tonumber(redis.call('GET', key) or '0'), now) end
  return arrivals[key]
end

local function decide(i)
  local number, rate, contact, tenant = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local perMinute, perDay, waba, lane = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5]), ARGV[i + 6], ARGV[i + 7]
  local pair = number .. ':' .. contact
  local wait = math.max(held('app:app'), held('waba:' .. waba), held('number:' .. number), held('pair:' .. pair))
  if lane == 'b' then wait = math.max(wait, held('bulk:' .. number)) end
  if wait > 0 then return wait, 1 end

  if held('slow:' .. number) > 0 then rate = rate * ${SLOW_FACTOR} end
  local buckets = {
    perMinute > 0 and { prefix .. ':m:' .. tenant, 60000 / perMinute, perMinute } or false,
    perDay > 0 and { prefix .. ':d:' .. tenant, 86400000 / perDay, perDay } or false,
    { prefix .. ':n:' .. number, 1000 / rate, ${NUMBER_BURST} },
    { prefix .. ':p:' .. pair, ${PAIR_INTERVAL_MS}, ${PAIR_BURST} },
  }
  wait = 0
  for place, bucket in ipairs(buckets) do
    if bucket then
      local key, interval, burst = bucket[1], bucket[2], bucket[3]
      local mine = arrival(key) - (burst - 1) * interval - now
      if mine > maxWait then
        local before = ahead[key] or 0
        ahead[key] = before + 1
        return mine + before * interval, place + 1
      end
      wait = math.max(wait, mine)
    end
  end
  for _, bucket in ipairs(buckets) do
    if bucket then
      arrivals[bucket[1]] = arrival(bucket[1]) + bucket[2]
      changed[bucket[1]] = true
    end
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
