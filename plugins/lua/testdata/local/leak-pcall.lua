-- admission ok: failure 99, pcall does not open what is frozen
local seen = {}
function admit(peer)
  local ok, why = pcall(function() seen.x = 1 end)
  assert(not ok and string.find(why, "read-only", 1, true) and not seen.x)
  return true
end
