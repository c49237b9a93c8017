"""What Redis does in one step, in Lua, so that replicas never see half of a hand-off and none needs a second round trip.

`state` is a hash of `state` (open, released), `case`, `earlier`, `said`, the number of the newest message, `begun`, that of the last one before the
conversation was handed over, `since`, when that was (ms since 1970), and `done`, what the last scripts came to; `messages` a list of the newest of
them, whose numbers follow from their places.

A client that lost the answer runs the script again: the same token gets the same answer, and nothing is done twice.
"""

_DONE = """
local function done(state, token)
  return string.match(redis.call('HGET', state, 'done') or '', token .. '=(%w+);')
end
local function note(state, token, result)
  local noted = (redis.call('HGET', state, 'done') or '') .. token .. '=' .. result .. ';'
  redis.call('HSET', state, 'done', string.sub(noted, -512))
end
"""

_KEEP = """
local function keep(keys, seconds)
  for _, key in ipairs(keys) do
    if redis.call('TTL', key) < tonumber(seconds) then redis.call('EXPIRE', key, seconds) end
  end
end
"""

_SAY = """
local function say(state, messages, entry, most)
  local number = redis.call('HINCRBY', state, 'said', 1)
  redis.call('RPUSH', messages, entry)
  redis.call('LTRIM', messages, -tonumber(most), -1)
  return number
end
"""

OPEN = (
    _DONE
    + _KEEP
    + _SAY
    + """
-- KEYS state, messages, history, open, conversations, unsure
-- ARGV id, case, earlier, now, seconds, most open, kept messages, budget or '', whether unsure, seconds of the tally, token, entry…
local before = done(KEYS[1], ARGV[11])
if before then return tonumber(before) end
if redis.call('HGET', KEYS[1], 'state') == 'open' then return 'already' end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[6]) then return 'full' end
if ARGV[8] ~= '' then
  redis.call('PFADD', KEYS[5], ARGV[1])
  redis.call('EXPIRE', KEYS[5], ARGV[10])
  if ARGV[9] == '1' then
    local handed = tonumber(redis.call('GET', KEYS[6]) or '0')
    if handed + 1 > tonumber(ARGV[8]) * redis.call('PFCOUNT', KEYS[5]) then return 'spent' end
    redis.call('INCR', KEYS[6])
    redis.call('EXPIRE', KEYS[6], ARGV[10])
  end
end
local begun = redis.call('HGET', KEYS[1], 'said') or '0'
redis.call('HSET', KEYS[1], 'state', 'open', 'case', ARGV[2], 'earlier', ARGV[3], 'begun', begun, 'since', ARGV[4])
for at = 12, #ARGV do say(KEYS[1], KEYS[2], ARGV[at], ARGV[7]) end
note(KEYS[1], ARGV[11], begun)
redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
keep({KEYS[1], KEYS[2], KEYS[3], KEYS[4]}, ARGV[5])
return tonumber(begun)
"""
)
"""Hands a conversation over: the number of the last message before, or why not. A history that would be forgotten sooner
is kept as long as the hand-off."""

SAY = (
    _DONE
    + _KEEP
    + _SAY
    + """
-- KEYS state, messages, history, open
-- ARGV entry, seconds, kept messages, token, id, now
local before = done(KEYS[1], ARGV[4])
if before then return tonumber(before) end
if redis.call('HGET', KEYS[1], 'state') ~= 'open' then return 0 end
local number = say(KEYS[1], KEYS[2], ARGV[1], ARGV[3])
note(KEYS[1], ARGV[4], number)
redis.call('ZADD', KEYS[4], 'NX', redis.call('HGET', KEYS[1], 'since') or ARGV[6], ARGV[5])
keep(KEYS, ARGV[2])
return number
"""
)
"""Adds a message while a person has the conversation; its number, or 0. Lists it again where Redis made
room of the list alone."""

READ = """
-- KEYS state, messages
-- ARGV after which number, at most how many
local held = redis.call('HMGET', KEYS[1], 'state', 'said', 'begun', 'case', 'earlier')
if not held[1] then return false end
local before = tonumber(held[2]) - redis.call('LLEN', KEYS[2])
local first = math.max(tonumber(ARGV[1]), before)
local from = first - before
local messages = redis.call('LRANGE', KEYS[2], from, from + tonumber(ARGV[2]) - 1)
return {held[1], held[2], held[3], held[4], held[5], first, messages}
"""
"""A hand-off and its messages behind a number: state, newest number, number before the hand-over, case, what was
said earlier, number before the first message, messages."""

RELEASE = (
    _DONE
    + """
-- KEYS state, messages, history, open
-- ARGV id, newest number, seconds of the history, window, token, exchange…
if done(KEYS[1], ARGV[5]) then return 'released' end
if redis.call('HGET', KEYS[1], 'state') ~= 'open' then return 'none' end
if redis.call('HGET', KEYS[1], 'said') ~= ARGV[2] then return 'more' end
redis.call('HSET', KEYS[1], 'state', 'released')
note(KEYS[1], ARGV[5], 'released')
redis.call('ZREM', KEYS[4], ARGV[1])
for at = 6, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[at]) end
if #ARGV > 5 then
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[4]), -1)
  redis.call('EXPIRE', KEYS[3], ARGV[3])
end
return 'released'
"""
)
"""Gives a conversation back to the bot, with what was said meanwhile; `more`: somebody spoke since it was read."""

FORGET = """
-- KEYS open, state…
-- ARGV id…
for at = 1, #ARGV do
  if redis.call('HGET', KEYS[at + 1], 'state') ~= 'open' then redis.call('ZREM', KEYS[1], ARGV[at]) end
end
return 1
"""
"""Takes from the list what is not open any more: it was forgotten, since nobody spoke in it for so long."""
