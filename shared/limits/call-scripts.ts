import { MAX_HOLD_MS } from '../domain/graph-calls.ts'

/**
 * Takes one call, on Redis's clock, and returns the milliseconds to wait; 0: the call may be made and is counted. Holds of
 * sends for the account or the app apply to calls too, not the other way round. ARGV: account or '', interval and burst of its
 * bucket (0: not counted).
 */
export const TAKE_CALL_SCRIPT = `
local prefix, account = KEYS[1], ARGV[1]
local interval, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local holds = { ':h:app:app', ':c:h:app' }
if account ~= '' then
  holds[3] = ':h:waba:' .. account
  holds[4] = ':c:h:' .. account
end
local wait = 0
for _, name in ipairs(holds) do wait = math.max(wait, redis.call('PTTL', prefix .. name)) end
if wait > 0 or burst == 0 then return wait end

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local key = prefix .. ':c:n:' .. account
local arrival = math.max(tonumber(redis.call('GET', key) or '0'), now)
local mine = arrival - (burst - 1) * interval - now
if mine > 0 then return math.ceil(mine) end
redis.call('SET', key, string.format('%.3f', arrival + interval), 'PX', math.ceil(arrival + interval - now) + 1000)
return 0
`

/**
 * Holds the calls of an account (or 'app') for as long as Meta asked, otherwise twice as long as the last time while refusals
 * go on. Calls refused at the same time count once. ARGV: name, base, asked.
 */
export const HOLD_CALLS_SCRIPT = `
local key, strikesKey = KEYS[1] .. ':c:h:' .. ARGV[1], KEYS[1] .. ':c:s:' .. ARGV[1]
local base, asked = tonumber(ARGV[2]), tonumber(ARGV[3])
local left = redis.call('PTTL', key)
local strikes = tonumber(redis.call('GET', strikesKey) or '0')
local ms = math.max(asked, left)
if left <= 0 then
  ms = math.ceil(math.max(asked, math.min(base * 2 ^ strikes, ${MAX_HOLD_MS})))
  redis.call('SET', strikesKey, strikes + 1, 'PX', ms * 2)
end
if ms > 0 then redis.call('SET', key, '1', 'PX', math.ceil(ms)) end
return ms
`

/** Holds a scope of sends; a hold never makes an earlier one end sooner. ARGV: name, ms. */
export const HOLD_SCRIPT = `
local key, ms = KEYS[1] .. ':h:' .. ARGV[1], tonumber(ARGV[2])
if redis.call('PTTL', key) < ms then redis.call('SET', key, '1', 'PX', math.ceil(ms)) end
return 1
`
