-- admission ok: the ends of the range, and the widest one
function admit(peer)
  for _ = 1, 100 do
    local n = random(3)
    assert(n >= 1 and n <= 3 and n == math.floor(n))
    n = random(-9007199254740992, 9007199254740992)
    assert(n == math.floor(n) and n >= -9007199254740992 and n <= 9007199254740992)
    assert(random(5, 5) == 5)
  end
  return true
end
