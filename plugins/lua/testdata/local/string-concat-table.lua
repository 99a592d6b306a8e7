-- admission budget: failure 93
function admit(peer)
  local t = {}
  for i = 1, 100 do t[i] = "0123456789" end
  return table.concat(t) == ""
end
