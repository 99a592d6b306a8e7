-- admission error: failure 92, pcall in pcall ends at the depth of calls, or at the budget
function admit(peer)
  local function f() local ok = pcall(f) if not ok then error("no") end end
  local function g() return g2(pcall(g)) end
  f()
  error("deep")
end
