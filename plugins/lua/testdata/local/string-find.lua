-- admission ok: failure 94, string.find('abc','b',-2^63,true) ends other programs
function admit(peer)
  assert(string.find("abc", "b", -9007199254740992, true) == 2)
  assert(string.find("abc", "b", 9007199254740992, true) == nil)
  assert(select(2, string.find("abc", "bc")) == 3 and string.find("a.c", ".", 1, true) == 2 and string.find("", "", 1) == 1)
  return true
end
