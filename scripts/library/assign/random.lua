-- random: any ID of a range that is not known to be taken. Nobody learns from
-- an ID who gave it or when. Two nodes that have not heard of each other may
-- give the same one; with few members in a wide range that is rare. Wallets get
-- IDs from 1000000001 to 4294967295, and no port.
-- Parameters:
--   first     lowest ID (10000)
--   last      highest ID (65535)
--   capacity  children of a kind (as the node says)

local first = params.first or 10000
local last = params.last or 65535
local wallets = 1000000000 -- IDs of wallets are above, of nodes below
local tries = 100
assert(first >= 1 and first <= last and last < wallets, "params.first must be at least 1, params.last not below it and below 1000000000")

-- The answer for an ID. It is also the wish for a port, where it can be one.
local function at(request, id)
  if request.kind == "wallet" then
    return {id = id}
  end
  local port = request.wanted_port
  if port == 0 and id >= 1024 and id <= 65535 then
    port = id
  end
  return {id = id, port = port}
end

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

  local low, high = first, last
  if request.kind == "wallet" then
    low, high = wallets + 1, 4294967295
  end
  for _ = 1, tries do
    local id = random(low, high)
    if not request:taken(id) then
      return at(request, id)
    end
  end
  -- Nearly all are taken: look at them one by one, from anywhere.
  local size = high - low + 1
  local start = random(low, high)
  for i = 0, math.min(size, 10000) - 1 do
    local id = low + (start - low + i) % size
    if not request:taken(id) then
      return at(request, id)
    end
  end
  return nil, "the IDs from " .. low .. " to " .. high .. " are in use or rest"
end
