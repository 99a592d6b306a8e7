-- difficulty ok: a key that is not there
function target(chain)
  local t = {a = 1, b = 2}
  next(t, 'zzz') next({}, 1) next(t, 5) next(t, chain)
  return chain:target(0)
end
