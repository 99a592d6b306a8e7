-- admission ok: the rest of the library
function admit(peer)
  assert(("AbÄz"):lower() == "abÄz" and ("abÄz"):upper() == "ABÄZ" and ("abc"):len() == 3 and #("x"):rep(512) == 512)
  assert(("ab"):rep(0) == "" and ("ab"):rep(-5) == "" and (""):rep(1e15) == "" and string.char(104, 105) == "hi" and string.char() == "")
  assert(table.concat({1, 2, "x"}, ", ") == "1, 2, x" and table.concat({}) == "" and table.concat({1, 2, 3}, "", 2, 3) == "23")
  local t = {"pear", "apple", "fig"}
  table.sort(t)
  assert(table.concat(t, " ") == "apple fig pear")
  table.sort(t, function(a, b) return #a < #b end)
  assert(table.concat(t, " ") == "fig pear apple")
  return true
end
