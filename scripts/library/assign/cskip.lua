-- cskip: the tree addresses of ZigBee. A node at depth d hands every child that
-- is a node a block of Cskip(d) IDs, its own ID the first of them, and to
-- wallets the IDs behind those blocks. All of it follows from three numbers,
-- which every node of the network must share. With 6, 4 and 3 the blocks are
-- 31, 7 and 1 long: 8000 gives 8001, 8032, 8063, 8094, and 8125, 8126 to wallets.
-- A node never has more children of a kind than its own capacity.
-- Parameters:
--   base      ID of the network's first node (as the network says: 8000)
--   children  Cm: children of a node (6)
--   routers   Rm: how many of them are nodes (4), the others are wallets
--   depth     Lm: how deep the tree goes (3)

local cm = params.children or 6
local rm = params.routers or 4
local lm = params.depth or 3
assert(rm >= 1 and cm >= rm, "params.routers must be at least 1, and params.children not below it")
assert(lm >= 1 and lm <= 20, "params.depth must be from 1 to 20")

-- Cskip of the depths, from the deepest up: a child's block is the child and
-- the blocks of all its own children.
local skip = {[lm] = 0}
for d = lm - 1, 0, -1 do
  if d == lm - 1 then
    skip[d] = 1
  else
    skip[d] = 1 + rm * skip[d + 1] + cm - rm
  end
  assert(skip[d] < 4294967296, "params.children, routers and depth make more IDs than there are")
end

-- The depth of a node by its ID: down from the first one, block by block.
local function depth_of(id, base)
  local at = base
  for d = 0, lm do
    if id == at then
      return d
    end
    if d == lm or id < at then
      return nil
    end
    local block = math.floor((id - at - 1) / skip[d])
    if block >= rm then
      return nil
    end
    at = at + 1 + block * skip[d]
  end
end

function assign(request)
  local base = params.base or request.base
  local parent = request.self.id
  local d = depth_of(parent, base)
  if not d then
    return nil, "own ID " .. parent .. " is no node's in this tree"
  end
  if d == lm then
    return nil, "depth " .. lm .. " reached: join nearer to the root"
  end

  local children = 0
  for _, child in ipairs(request.children) do
    if child.kind == request.kind then
      children = children + 1
    end
  end
  if children >= request.self.capacity then
    return nil, "capacity " .. request.self.capacity .. " reached"
  end

  local first, step, count = parent + 1, skip[d], rm
  if request.kind == "wallet" then
    first, step, count = first + rm * skip[d], 1, cm - rm
  end
  for k = 0, count - 1 do
    local id = first + k * step
    if id > 4294967295 then
      return nil, "ID " .. id .. " would be above 4294967295, the highest: join nearer to the root"
    end
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
  return nil, "the " .. count .. " IDs of this node for a " .. request.kind .. " are in use or rest"
end
