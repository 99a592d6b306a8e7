-- lwma: zawy12's LWMA-1. Looks at the last blocks, the newest counting most,
-- and sets the target so that the next block takes as long as wanted.
-- It follows a change of hash rate within a few blocks.
-- Parameters:
--   window  blocks to look at (60), at most 10000: more would take longer than
--           a script may; a shorter chain gives what it has

local window = params.window or 60
assert(window >= 1 and window <= 10000, "params.window must be from 1 to 10000")

function target(chain)
  local n = math.min(window, chain.height)
  if n == 0 then
    return chain:target(0)
  end
  local first = chain.height - n
  local times = chain:times(first, chain.height)

  -- The times that the blocks took, weighted 1 ... n. A time that runs
  -- backwards counts as one second, a very long one as six blocks.
  local most, weighted = 6 * spacing, 0
  local previous = times[1] - spacing
  for i = 1, n do
    local time = times[i + 1]
    if time <= previous then
      time = previous + 1
    end
    local took = time - previous
    if took > most then
      took = most
    end
    weighted = weighted + i * took
    previous = time
  end
  -- No more than ten times harder at once.
  weighted = math.max(weighted, math.floor(n * n * spacing / 20))

  -- The mean target times the weighted mean time over the wanted one, made
  -- 1 % easier: without that, blocks come a little too slowly.
  local mean = chain:target_sum(first + 1, chain.height) / n
  return u256.muldiv(mean, 200 * weighted, 99 * n * (n + 1) * spacing)
end
