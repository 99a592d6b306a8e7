-- difficulty ok: what is left of Lua works
local M = {}
function M.add(a, b) return a + b end
function M:inc(n) return self.add(n, 1) end
M.f = function(...) return select('#', ...), ... end
local fact
fact = function(n) if n < 2 then return 1 end return n * fact(n - 1) end
local function even(n) if n == 0 then return true end return not even(n - 1) end
function target(chain)
  assert(M.add(1, 2) == 3 and M:inc(4) == 5 and fact(10) == 3628800 and even(10))
  local n, a, b = M.f(7, 8)
  assert(n == 2 and a == 7 and b == 8)
  local t = {M.f(1, nil, 3)}
  assert(#t == 4 and t[1] == 3 and t[4] == 3)
  local function inner(x) if x > 3 then return x end return inner(x + 1) end
  assert(inner(1) == 4)
  local sum = 0
  for i, v in ipairs({1, 2, 3}) do sum = sum + i * v end
  for i = 10, 1, -3 do if i == 4 then break end sum = sum + i end
  repeat local done = sum > 30 sum = sum + 1 until done
  assert(sum == 32, 'sum ' .. sum)
  assert(select(-1, 1, 2, 3) == 3 and select(2, 'a', 'b') == 'b')
  assert(type(chain) == 'table' and type(u256(1)) == 'u256' and type(i256(1)) == 'i256' and type(nil) == 'nil')
  assert('a' .. 1 .. -2 .. 0.5 == 'a1-20.5' and #'abc' == 3)
  assert(math.max(1, 3, 2) == 3 and math.min(2, 1) == 1 and math.floor(-1.5) == -2 and math.ceil(1.2) == 2 and math.abs(-3) == 3)
  local x = 5 % 3 + #t * 2 .. 'y'
  assert(x == '10y')
  assert((1 < 2) == true and not (2 <= 1) and ('a' < 'b'))
  local i = i256(-7)
  assert(i / 2 == i256(-3) and i:shr(1) == i256(-4) and -i == i256(7) and i * 2 == i256(-14) and i < i256(0))
  assert(i + 10 == i256(3) and 1 - i == i256(8) and i:number() == -7 and i:shl(1):number() == -14 and u256(-i) == u256(7))
  local big = u256(1):shl(255)
  assert(big + big == big * 4 and big * 2 == u256(1):shl(999) and big:shr(255) == u256(1) and big:shr(256) == u256(0))
  assert(u256.muldiv(big, 6, 3) == big + big and u256.muldiv(big, 3, 6) == u256(1):shl(254))
  assert(u256(7) / 2 == u256(3) and u256(7) % 4 == u256(3) and u256.mod(7, 4) == u256(3) and 7 - u256(2) == u256(5))
  assert(u256.from_bits(0x1d00ffff):bits() == 0x1d00ffff and u256(5) > u256(4) and u256(5) >= u256(5))
  assert('' .. u256(12) == '12' and '' .. i256(-12) == '-12')
  assert(chain:times(1, 2)[2] == chain:time(2) and chain:bits_range(3, 3)[1] == chain:bits(3))
  assert(chain:target_sum(4, 4) == chain:target(4) and chain:median_time(0) == chain:time(0))
  return chain:target(0)
end
