-- halving: Bitcoin's reward. It starts with 50 coins and halves at fixed
-- heights until nothing is left: 20,999,999.9769 coins in all.
-- Parameters:
--   interval  blocks between halvings (210000)
--   initial   satoshi of the first blocks (50 coins)

local interval = params.interval or 210000
local initial = params.initial or 50 * coin
assert(interval >= 1, "params.interval must be at least 1")
assert(initial >= 0, "params.initial must not be negative")

function subsidy(block)
  local halvings = math.floor(block.height / interval)
  return u256(initial):shr(halvings):number()
end
