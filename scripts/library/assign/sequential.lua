-- sequential: the lowest ID that is free, as a tracker gives them: base + 1,
-- base + 2, ... It is unique if one node alone assigns, or as far as the
-- assigner has heard of the others. Wallets count from 1000000001 on and get no
-- port.
-- Parameters:
--   base      ID of the network's first node (as the network says: 8000)
--   capacity  children of a kind (as the node says: p2p.capacity, which a tracker
--             sets high, or p2p.wallet_capacity)
--   most      IDs of a kind in all (10000): looking further would take longer
--             than a script may

local most = params.most or 10000
local wallets = 1000000000 -- IDs of wallets are above, of nodes below
assert(most >= 1 and most <= 15000, "params.most must be from 1 to 15000")

function assign(request)
  local capacity = params.capacity or request.self.capacity
  local count = 0
  for _, child in ipairs(request.children) do
    if child.kind == request.kind then
      count = count + 1
    end
  end
  if count >= capacity then
    return nil, "capacity " .. capacity .. " reached"
  end

  local before = params.base or request.base
  if request.kind == "wallet" then
    before = wallets
  end
  for id = before + 1, before + most do
    if not request:taken(id) then
      if request.kind == "wallet" then
        return {id = id}
      end
      local port = request.wanted_port
      if port == 0 and id >= 1024 and id <= 65535 then
        port = id
      end
      return {id = id, port = port}
    end
  end
  return nil, "all " .. most .. " IDs are in use or rest"
end
