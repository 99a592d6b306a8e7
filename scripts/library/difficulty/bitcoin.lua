-- bitcoin: Bitcoin's rule. Every 2016 blocks the target moves by the time that
-- the last 2016 blocks took, at most by a factor of 4; in between it stays.
-- As in Bitcoin the time is measured over 2015 intervals, one too few.
-- Parameters:
--   interval  blocks between changes, at least 2 (2016)

local interval = params.interval or 2016
assert(interval >= 2, "params.interval must be at least 2")

function target(chain)
  local old = chain:target(chain.height)
  if (chain.height + 1) % interval ~= 0 then
    return old
  end
  local wanted = interval * spacing
  local span = chain:time(chain.height) - chain:time(chain.height - (interval - 1))
  span = math.max(span, math.floor(wanted / 4))
  span = math.min(span, wanted * 4)
  return u256.muldiv(old, span, wanted)
end
