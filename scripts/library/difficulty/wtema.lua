-- wtema: a moving average weighted by target. After every block the target
-- moves by 1/N of what the last block suggests; nothing but that block is
-- looked at, and it follows hash rate as well as longer windows do.
-- Parameters:
--   window  N, blocks that the average remembers (60)

local window = params.window or 60
assert(window >= 2, "params.window must be at least 2")

function target(chain)
  local old = chain:target(chain.height)
  if chain.height == 0 then
    return old
  end
  local took = chain:time(chain.height) - chain:time(chain.height - 1)
  -- target + target * took / spacing / N - target / N
  if took >= 0 then
    return old - old / window + u256.muldiv(old, took, spacing * window)
  end
  -- A block dated before its parent makes the next one harder, at most twice.
  local less = old / window + u256.muldiv(old, -took, spacing * window)
  if less > old / 2 then
    less = old / 2
  end
  return old - less
end
