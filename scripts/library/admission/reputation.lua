-- reputation: a ban that doubles with every fault of a peer, so that a slip
-- costs little and a habit much. Breaking a rule of the chain starts higher.
-- Parameters:
--   first     seconds of the first ban (600)
--   serious   how often that is doubled from the start for a block or a header
--             that breaks the rules: kinds consensus and work (4)
--   patience  lighter faults that only end the connection (1)
--   most      seconds of the longest ban (2592000: 30 days)

local first = params.first or 600
local serious = params.serious or 4
local patience = params.patience or 1
local most = params.most or 2592000
assert(first >= 1 and most >= first, "params.first must be at least 1, and params.most not below it")
assert(serious >= 0 and patience >= 0, "params.serious and params.patience must not be negative")

function admit(peer)
  return true -- the node itself refuses whom it has banned
end

function punish(peer, fault)
  local doublings = fault.count - 1
  if fault.kind == "consensus" or fault.kind == "work" then
    doublings = doublings + serious
  elseif fault.count <= patience then
    return 0
  else
    doublings = doublings - patience
  end
  local seconds = first
  for _ = 1, doublings do
    seconds = seconds * 2
    if seconds >= most then
      return most
    end
  end
  return math.min(seconds, most)
end
