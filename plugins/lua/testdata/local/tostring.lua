-- admission ok: plain values
function admit(peer)
  assert(tostring(1) == "1" and tostring(-0.5) == "-0.5" and tostring(1e15) == "1000000000000000" and tostring(math.huge) == "inf")
  assert(tostring(nil) == "nil" and tostring(true) == "true" and tostring("x") == "x" and tostring(u256(5)) == "5")
  return true
end
