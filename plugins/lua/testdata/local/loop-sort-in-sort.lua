-- admission error: failure 92, a sort in a sort ends at the depth of calls
function admit(peer)
  local function sort() table.sort({1, 2, 3}, sort) end
  sort()
  return true
end
