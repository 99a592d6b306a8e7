-- admission budget: failure 92
function admit(peer)
  local t = {}
  for i = 1, 5000 do t[i] = i % 7 end
  while true do table.sort(t, function() return random(2) == 1 end) end
end
