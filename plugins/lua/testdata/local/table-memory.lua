-- admission budget: failure 95
function admit(peer)
  local t = {}
  for i = 1, 60000 do t[i] = {} end
  return true
end
