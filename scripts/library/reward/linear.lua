-- linear: the reward falls in a straight line from its first value to its
-- last, and stays there.
-- Parameters:
--   initial  satoshi at height 0 (50 coins)
--   last     satoshi at the end (0)
--   blocks   length of the line (840000)

local initial = params.initial or 50 * coin
local last = params.last or 0
local blocks = params.blocks or 840000
assert(initial >= last and last >= 0, "params.initial must be at least params.last, and that at least 0")
assert(blocks >= 1, "params.blocks must be at least 1")

function subsidy(block)
  if block.height >= blocks then
    return last
  end
  return initial - u256.muldiv(initial - last, block.height, blocks):number()
end
