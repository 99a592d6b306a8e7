-- homestead: Ethereum's rule of 2016 (EIP-2). The difficulty moves by 1/2048
-- for each step that the last block was early or late, down by at most 99.
-- Difficulty here is (2^256 - 1) / target, the expected number of hashes.
-- Parameters:
--   step     seconds (ln 2 = 69.3 % of the spacing; Ethereum: 10, for 14 s)
--   minimum  lowest difficulty (131072); below 2048 it could not move
--   bomb     blocks after which the difficulty bomb doubles (0: no bomb;
--            Ethereum: 100000)

local step = params.step or math.max(1, math.floor((spacing * 693 + 500) / 1000))
local minimum = u256(params.minimum or 131072)
local bomb = params.bomb or 0
assert(step >= 1, "params.step must be at least 1")
assert(minimum >= u256(1), "params.minimum must be at least 1")
assert(bomb >= 0, "params.bomb must not be negative")

local MAX = u256(1):shl(256) -- stops at 2^256 - 1

function target(chain)
  if chain.height == 0 then
    return chain:target(0)
  end
  local took = chain:time(chain.height) - chain:time(chain.height - 1)
  local old = MAX / chain:target(chain.height)

  local steps = math.max(1 - math.floor(took / step), -99)
  local new
  if steps >= 0 then
    new = old + old / 2048 * steps
  else
    new = old - old / 2048 * -steps
  end
  if new < minimum then
    new = minimum
  end
  if bomb > 0 then
    local doublings = math.floor((chain.height + 1) / bomb) - 2
    if doublings >= 0 then
      new = new + u256(1):shl(doublings)
    end
  end
  return MAX / new
end
