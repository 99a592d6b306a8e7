-- admission ok: an error closes what functions have captured
function admit(peer)
  local f
  for i = 1, 20 do
    local ok = pcall(function()
      local a, b = "a" .. i, {i}
      local t = {function() return a, b end}
      error("x" .. #t)
    end)
    assert(not ok)
  end
  local keep = {}
  pcall(function() local a = "kept" keep.f = function() return a end error("now") end)
  local function busy(n) local a, b, c, d = 1, 2, 3, 4 if n > 0 then return 1 + busy(n - 1) end return a end
  busy(20)
  assert(keep.f() == "kept")
  return true
end
