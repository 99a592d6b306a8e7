-- difficulty ok: values are taken before anything is set
function target(chain)
  local t, i = {1, 2, 3}, 1
  i, t[i] = i + 1, 20
  assert(i == 2 and t[1] == 20)
  t[1], t[2] = t[2], t[1]
  assert(t[1] == 2 and t[2] == 20)
  local function two() return 7, 8 end
  t.a, t.b, t.c = two()
  assert(t.a == 7 and t.b == 8 and t.c == nil)
  t.a, t.b = 1, 2, error
  t.x = two()
  assert(t.x == 7)
  return chain:target(0)
end
