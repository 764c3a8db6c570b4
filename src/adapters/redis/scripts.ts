/** One change of state in Redis is one script. The fencing number is always an argument; nothing is written by a script that finds a newer one. */

/**
 * Purpose: take the writer's lease.
 * KEYS: 1 owner, 2 fence. ARGV: 1 node, 2 lease in ms.
 * Returns: the new fencing number, or the name of the node that holds the lease.
 */
export const ACQUIRE = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])
`;

/**
 * Purpose: keep the lease, also over a Redis that was emptied (then there is neither owner nor fence, and we are who we were).
 * KEYS: 1 owner, 2 fence. ARGV: 1 node, 2 our fencing number, 3 lease in ms.
 * Returns: 1 kept, 0 somebody else is the writer.
 */
export const RENEW = `
local fence = redis.call('GET', KEYS[2])
if fence and tonumber(fence) > tonumber(ARGV[2]) then return 0 end
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
`;

/**
 * Purpose: give the lease back.
 * KEYS: 1 owner, 2 fence. ARGV: 1 node, 2 our fencing number.
 */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[1]) end
return 1
`;

/**
 * Purpose: commit one batch: entities, facts and position land together.
 * KEYS: 1 fence, 2 meta, 3 calls, 4 agents, 5 queues, 6 facts, 7 jobs.
 * ARGV: 1 our fencing number, 2 position, 3 time in ms, 4 '1' for a refill, 5 facts kept, 6 number of changes,
 *       then per change: kind (3, 4, 5 or 7: the key's place), id, JSON or ''; then per fact: seq, JSON.
 * Returns: 'committed', 'fenced' (a newer writer exists), 'gap' (the store is not where the writer left it).
 * A repeated position is answered 'committed' and changes nothing.
 */
export const COMMIT = `
local fence = redis.call('GET', KEYS[1])
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 'fenced' end
local meta = redis.call('HMGET', KEYS[2], 'position', 'lastSeq')
local position = tonumber(meta[1]) or 0
local lastSeq = tonumber(meta[2]) or 0
local wanted = tonumber(ARGV[2])
local refill = ARGV[4] == '1'
if fence and position == wanted and not refill then return 'committed' end
if not refill and (not fence or position ~= wanted - 1) then return 'gap' end
if refill then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[3], KEYS[4], KEYS[5], KEYS[7])
end
local at = 7
for i = 1, tonumber(ARGV[6]) do
  local key = KEYS[tonumber(ARGV[at])]
  if ARGV[at + 2] == '' then redis.call('HDEL', key, ARGV[at + 1])
  else redis.call('HSET', key, ARGV[at + 1], ARGV[at + 2]) end
  at = at + 3
end
while at < #ARGV do
  local seq = tonumber(ARGV[at])
  if seq > lastSeq then
    redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[5], ARGV[at] .. '-0', 'f', ARGV[at + 1])
    lastSeq = seq
  end
  at = at + 2
end
redis.call('HSET', KEYS[2], 'position', ARGV[2], 'lastSeq', string.format('%.0f', lastSeq), 'atMs', ARGV[3])
return 'committed'
`;

/**
 * Purpose: keep a release of flows, with the versions that went live with it.
 * KEYS: 1 fence, 2 texts, 3 log, 4 releases.
 * ARGV: 1 our fencing number, 2 number of the release, 3 its flows as JSON, 4 entries of the log that are kept,
 *       then per publication: FLOW@VERSION, text, log entry as JSON.
 * Returns: 'kept', 'fenced' (a newer writer exists). An entry that the log has already is not written twice.
 */
export const RECORD_RELEASE = `
local fence = redis.call('GET', KEYS[1])
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 'fenced' end
for at = 5, #ARGV, 3 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  if not redis.call('LPOS', KEYS[3], ARGV[at + 2]) then redis.call('RPUSH', KEYS[3], ARGV[at + 2]) end
end
redis.call('LTRIM', KEYS[3], -tonumber(ARGV[4]), -1)
redis.call('HSET', KEYS[4], ARGV[2], ARGV[3])
return 'kept'
`;

/**
 * Purpose: forget releases that no call needs any more.
 * KEYS: 1 fence, 2 releases. ARGV: 1 our fencing number, then the numbers that stay.
 * Returns: 'kept', 'fenced'.
 */
export const FORGET_RELEASES = `
local fence = redis.call('GET', KEYS[1])
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 'fenced' end
local stays = {}
for at = 2, #ARGV do stays[ARGV[at]] = true end
for _, number in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not stays[number] then redis.call('HDEL', KEYS[2], number) end
end
return 'kept'
`;

/**
 * Purpose: switch an emergency announcement.
 * KEYS: 1 fence, 2 emergency. ARGV: 1 our fencing number, 2 announcement, 3 state as JSON.
 * Returns: 'kept', 'fenced'.
 */
export const SWITCH_EMERGENCY = `
local fence = redis.call('GET', KEYS[1])
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 'fenced' end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 'kept'
`;
