-- admission budget: failure 92
function admit(peer)
  local s = string.rep("a", 500)
  while true do string.find(s, "aaaaaaab") end
end
