-- parent_range: every node has a range of IDs of its own for its children, so
-- that no two nodes give the same one although none asks another. With 8000
-- first and 3 children each, 8000 gives 8001 ... 8003, 8001 gives 8004 ... 8006.
-- That holds as long as all nodes of the network have the same capacity.
-- Wallets get IDs in the same way, from 1000000001 on, and no port.
-- Parameters:
--   base      ID of the network's first node (as the network says: 8000)
--   capacity  children of a kind (as the node says: p2p.capacity for nodes,
--             p2p.wallet_capacity for wallets)

local wallets = 1000000000 -- IDs of wallets are above, of nodes below

function assign(request)
  local base = params.base or request.base
  local capacity = params.capacity or request.self.capacity
  local parent = request.self.id
  if parent < base or parent >= wallets then
    return nil, "own ID " .. parent .. " is not one of the network's: its first is " .. base
  end

  local count = 0
  for _, child in ipairs(request.children) do
    if child.kind == request.kind then
      count = count + 1
    end
  end
  if count >= capacity then
    return nil, "capacity " .. capacity .. " reached"
  end

  local before, last = base, wallets - 1
  if request.kind == "wallet" then
    before, last = wallets, 4294967295
  end
  before = before + (parent - base) * capacity
  for id = before + 1, before + capacity do
    if id > last then
      return nil, "ID " .. id .. " would be above " .. last .. ", the highest: join nearer to the root"
    end
    if not request:taken(id) then
      if request.kind == "wallet" then
        return {id = id}
      end
      -- The ID is also the wish for a port, where it can be one.
      local port = request.wanted_port
      if port == 0 and id >= 1024 and id <= 65535 then
        port = id
      end
      return {id = id, port = port}
    end
  end
  return nil, "the " .. capacity .. " IDs of this node are in use or rest"
end
