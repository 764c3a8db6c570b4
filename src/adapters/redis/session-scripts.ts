/** Scripts of sign-ins. They carry no fencing number: every node of a site signs people in, not the writer alone. */

/**
 * Purpose: keep a new session, and end the oldest of the same holder when there are too many.
 * KEYS: 1 sessions (hash), 2 ends (sorted set).
 * ARGV: 1 id, 2 JSON, 3 moment of its end, 4 now, 5 how many of one holder.
 * Returns: 1. Sessions whose end is past are forgotten on the way.
 */
export const KEEP_SESSION = `
local past = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'LIMIT', 0, 1000)
for _, id in ipairs(past) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
local new = cjson.decode(ARGV[2])
local own = {}
for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
  local good, each = pcall(cjson.decode, text)
  if good and type(each) == 'table' and each.kind == new.kind and each.name == new.name and each.id then own[#own + 1] = each end
end
table.sort(own, function(a, b) return a.createdMs < b.createdMs end)
for i = 1, #own - tonumber(ARGV[5]) + 1 do
  redis.call('HDEL', KEYS[1], own[i].id)
  redis.call('ZREM', KEYS[2], own[i].id)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
`;

/**
 * Purpose: say that a session was seen; one that has ended meanwhile is not brought back.
 * KEYS: 1 sessions, 2 ends. ARGV: 1 id, 2 now.
 * Returns: 1 noted, 0 there is no such session.
 */
export const SESSION_SEEN = `
local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then return 0 end
local session = cjson.decode(text)
local now = tonumber(ARGV[2])
if session.lastSeenMs >= now then return 1 end
session.lastSeenMs = now
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(session))
redis.call('ZADD', KEYS[2], math.min(session.expiresMs, now + session.idleMs), ARGV[1])
return 1
`;

/**
 * Purpose: count a try to sign in under all keys, or none of them when one must wait.
 * KEYS: one hash per guard {n, lastMs}. ARGV: 1 now, then per key: free tries, longest pause, forgotten after (ms).
 * Returns: ms to wait, 0: counted, go on.
 */
export const MAY_TRY = `
local now = tonumber(ARGV[1])
local longest = 0
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 3
  local free, most = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local state = redis.call('HMGET', key, 'n', 'lastMs')
  local n, last = tonumber(state[1]) or 0, tonumber(state[2]) or 0
  if n >= free then
    local pause = math.min(most, 1000 * 2 ^ math.min(n - free, 30))
    longest = math.max(longest, last + pause - now)
  end
end
if longest > 0 then return math.ceil(longest) end
for i, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, 'n', 1)
  redis.call('HSET', key, 'lastMs', ARGV[1])
  redis.call('PEXPIRE', key, ARGV[4 + (i - 1) * 3])
end
return 0
`;

/**
 * Purpose: take a try back that was good.
 * KEYS: one hash per guard. ARGV: per key '1' forget all bad tries, '0' this one alone.
 */
export const TRY_WAS_GOOD = `
for i, key in ipairs(KEYS) do
  if ARGV[i] == '1' then redis.call('DEL', key)
  elseif redis.call('EXISTS', key) == 1 and redis.call('HINCRBY', key, 'n', -1) <= 0 then redis.call('DEL', key) end
end
return 1
`;
