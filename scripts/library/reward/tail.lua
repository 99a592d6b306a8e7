-- tail: Monero's reward. Each block pays a fixed part of what is left of a
-- total, and never less than a floor: a smooth curve with a tail that goes on.
-- Parameters:
--   total  satoshi that the curve tends to (21,000,000 coins)
--   shift  the part is 1 / 2^shift (20: 20 coins at first)
--   floor  satoshi (0.6 coins)

local total = params.total or 21000000 * coin
local shift = params.shift or 20
local floor = params.floor or math.floor(coin * 6 / 10)
assert(total >= 0, "params.total must not be negative")
assert(shift >= 0, "params.shift must not be negative")
assert(floor >= 0, "params.floor must not be negative")

function subsidy(block)
  local left = math.max(total - block.issued, 0)
  return math.max(u256(left):shr(shift):number(), floor)
end
