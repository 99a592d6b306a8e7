-- dgw: Dash's Dark Gravity Wave 3. The mean target of the last 24 blocks,
-- older ones counting a little less, times how long they took over how long
-- they should have: at most three times either way.
-- Until the chain has enough blocks, the target stays.
-- Parameters:
--   window  blocks to look at, at least 2 (24), at most 5000: more would take
--           longer than a script may

local window = params.window or 24
assert(window >= 2 and window <= 5000, "params.window must be from 2 to 5000")

function target(chain)
  if chain.height + 1 < window then
    return chain:target(chain.height)
  end
  local first = chain.height - window + 1
  local bits = chain:bits_range(first, chain.height)

  local mean = u256.from_bits(bits[window])
  for i = 2, window do
    -- (mean * i + t) / (i + 1), written so that easy targets do not overflow
    local t = u256.from_bits(bits[window + 1 - i])
    if t >= mean then
      mean = mean + (t - mean) / (i + 1)
    else
      mean = mean - (mean - t + i) / (i + 1)
    end
  end

  local wanted = window * spacing
  local span = chain:time(chain.height) - chain:time(first)
  span = math.max(span, math.floor(wanted / 3))
  span = math.min(span, wanted * 3)
  return u256.muldiv(mean, span, wanted)
end
