-- admission budget: failure 95, the copy of a sort is counted
function admit(peer)
  local t = {}
  t[60000] = 1
  while true do pcall(table.sort, t) end
end
