-- asert: Bitcoin Cash's aserti3-2d. The target depends only on how far the
-- chain is ahead of, or behind, its schedule since an anchor block: after each
-- half-life that it is behind, blocks get twice as easy. No window, no echo.
-- The anchor is the block before the first one under this script and these
-- parameters (genesis, if the chain began with them).
-- Parameters:
--   halflife  seconds (288 blocks' worth: 2 days at 600 s)

local halflife = params.halflife or 288 * spacing
assert(halflife >= 1, "params.halflife must be at least 1")

-- 65536 * 2^(f/65536) for f in 0 ... 65535, by a cubic that is off by less
-- than 0.013 %.
local function power(f)
  f = u256(f)
  local sum = 195766423245049 * f + 971821376 * f * f + 5127 * f * f * f
  return 65536 + (sum + u256(1):shl(47)):shr(48)
end

function target(chain)
  local anchor = chain.since - 1
  local start = anchor > 0 and chain:time(anchor - 1) or chain:time(0) - spacing
  local passed = chain:time(chain.height) - start
  local wanted = spacing * (chain.height - anchor + 1)

  local exponent = i256(passed - wanted) * 65536 / halflife
  local whole = exponent:shr(16):number()
  local factor = power((exponent - i256(whole) * 65536):number())

  -- anchor * factor * 2^whole / 65536, without losing anything on the way:
  -- factor is below 131072.
  local old = chain:target(anchor)
  if whole < 0 then
    return u256.muldiv(old, factor, 131072):shr(-whole - 1)
  elseif whole < 16 then
    return u256.muldiv(old, factor:shl(whole), 65536)
  end
  return (old * factor):shl(whole - 16)
end
