-- admission budget: failure 93, empty texts take time too
function admit(peer)
  local t = {}
  for i = 1, 10000 do t[i] = "" end
  while true do table.concat(t) end
end
