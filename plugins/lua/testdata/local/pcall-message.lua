-- admission ok: the message names file and line, and shows no address
function admit(peer)
  local ok, why = pcall(function() return {} + 1 end)
  assert(not ok and why == "pcall-message.lua:3: cannot perform add operation between table and number", why)
  ok, why = pcall(error, "plain", 0)
  assert(why == "plain")
  ok, why = pcall(function(a, b) return a, b end, 1, 2)
  assert(ok and why == 1 and select("#", pcall(function() return 1, 2, 3 end)) == 4)
  return true
end
