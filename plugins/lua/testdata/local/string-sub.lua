-- admission ok: failure 93, indexes far outside
function admit(peer)
  assert(string.sub("abc", -9007199254740992, 9007199254740992) == "abc")
  assert(string.sub("abc", 9007199254740992, -9007199254740992) == "")
  assert(string.sub("abc", 2, 2) == "b" and ("abc"):sub(-2) == "bc" and ("abc"):sub(0) == "abc" and ("abc"):sub(4) == "")
  assert(select("#", string.byte("abc", -9007199254740992, 9007199254740992)) == 3 and ("abc"):byte(-1) == 99)
  return true
end
