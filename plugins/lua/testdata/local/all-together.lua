-- admission budget: failure 97
function admit(peer)
  local t = {}
  while true do
    pcall(function() t[#t + 1] = string.rep("x", 500) .. random(100) end)
    pcall(table.sort, t, function() error("no") end)
    pcall(string.format, "%99.99f", peer.seconds_now)
    pcall(function() return peer.nothing.here end)
    print(t, #t)
  end
end
